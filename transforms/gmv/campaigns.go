package gmv

import (
	"strings"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
)

// campaigns says which days of a period and of those that its growth is taken against (by the prefix of the column)
// were days of a campaign, and how the period's own did against the campaigns that they are like.
func (o Overview) campaigns(b *column.Builder, span Span, against map[string]Span) {
	names, ratio := b.Column("campaigns"), b.Column("gmv_paid_campaign_ratio")
	if o.Campaigns == nil {
		names.Null()
		ratio.Null()
		for prefix := range against {
			b.Column(prefix + "campaign_days").Null()
		}
		return
	}
	names.Text(strings.Join(o.Campaigns.Names(span.From, span.To), ", "))
	for prefix, s := range against {
		b.Column(prefix + "campaign_days").Int(o.Campaigns.Count(s.From, s.To))
	}
	now, before, ok := o.likeForLike(span)
	if !ok || before <= 0 {
		ratio.Null()
		return
	}
	ratio.Ratio(now-before, before)
}

// likeForLike is gmv_paid of the campaign days of a span and of the days that they are like. ok is false if there are
// none, or if one of them has no such day or no data.
func (o Overview) likeForLike(span Span) (now, before int64, ok bool) {
	for d := span.From; d <= span.To; d++ {
		if _, in := o.Campaigns.On(d); !in {
			continue
		}
		then, known := o.Campaigns.Counterpart(d)
		if !known || !o.Present[d] || !o.Present[then] {
			return 0, 0, false
		}
		now += o.paidOn(d)
		before += o.paidOn(then)
		ok = true
	}
	return now, before, ok
}

func (o Overview) paidOn(d calendar.Day) int64 { return o.Series.Sum(Span{d, d})[mPaid] }
