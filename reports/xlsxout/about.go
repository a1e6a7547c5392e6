package xlsxout

import (
	"errors"
	"strconv"

	"github.com/windvane/windvane/reports/words"
)

// aboutSheet is the first sheet.
const aboutSheet = "说明"

// writeAbout fills the first sheet: what this is, how many rows each sheet has, and what the columns mean.
func (w *Writer) writeAbout() error {
	p := aboutPage{w: w}
	p.put(title, "windvane "+w.table.Name)
	p.row(w.table.Doc)
	p.row("数据日期 as_of_date", w.options.AsOf, "第 "+strconv.Itoa(w.options.Sequence)+" 次提交")
	p.row("规则版本 rules_version", w.about.rules)
	p.row("有效期 valid_from – valid_to", w.about.from, w.about.to)
	if b := w.options.Book; b.Exact && b.Before != nil {
		p.row("前一版规则", b.Before.Version, "至 "+b.Rules.EffectiveFrom.String()+" 前一日为止；均值与连续次数跨越两版，每晚仍按当晚的规则")
	}
	if !w.options.Book.Exact {
		p.row("注意", "本机配置的规则不是当晚所用的规则；名称借用现有规则")
	}
	p.row("金额单位：元。分数 3 至 5。空白：没有计算，或没有。请勿按名称筛选后当作 ID 使用；程序请读 Parquet 文件。")
	p.row()
	p.heads("工作表", "清单 list", "内容", "行数")
	for _, s := range w.sheets {
		p.row(s.name, s.list, kinds[s.member], strconv.Itoa(s.rows))
	}
	p.row()
	p.heads("列", "id", "含义（原文）")
	for _, c := range w.table.Columns {
		doc := c.Doc
		if idInSheet(c.Name) != c.Name {
			doc = "元；表中为 " + c.Name + "，单位分。" + doc
		}
		p.row(words.Header(c.Name), idInSheet(c.Name), doc)
	}
	p.row("最小改进", changeID, "the smallest single change with which it would qualify, in a sentence: change_of, change_from, change_to, change_events, change_volume")
	f := w.file
	return errors.Join(p.err, f.SetColWidth(aboutSheet, "A", "A", 32), f.SetColWidth(aboutSheet, "B", "B", 24), f.SetColWidth(aboutSheet, "C", "C", 90))
}

var kinds = map[bool]string{true: "入选：按类目、名次", false: "其他：未入选的原因与最小改进"}

// aboutPage adds rows of text one below the other.
type aboutPage struct {
	w   *Writer
	at  int
	err error
}

func (p *aboutPage) row(cells ...string) { p.put(asText, cells...) }

func (p *aboutPage) heads(cells ...string) { p.put(header, cells...) }

func (p *aboutPage) put(style format, cells ...string) {
	p.at++
	for i, text := range cells {
		name := string(rune('A'+i)) + strconv.Itoa(p.at)
		p.err = errors.Join(p.err, p.w.file.SetCellStr(aboutSheet, name, text), p.w.file.SetCellStyle(aboutSheet, name, name, p.w.styles[style]))
	}
}
