package twin

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go"
)

// DumpOptions say how dumps are laid out. None of it may change a published figure.
type DumpOptions struct {
	IntIDs       bool   // identifiers as INT64 instead of STRING; they must be decimal numbers
	Files        int    // files of a partition, at least 1
	RowsPerGroup int64  // rows of a row group; 0: the library's default
	ShuffleSeed  uint64 // order of the rows; 0: as given
	Success      bool   // a _SUCCESS object in every partition
}

// WriteDumps writes the partitions as dir/<table>/dt=YYYY-MM-DD/part-0000N.parquet with the contract's
// column names. A partition without rows gets one file without rows.
//
// It fails on file errors and, with IntIDs, on an identifier that is no decimal int64.
func WriteDumps(dir string, p Partitions, o DumpOptions) error {
	if o.IntIDs {
		return writeTables(dir, p, o, func(id string) (int64, error) { return strconv.ParseInt(id, 10, 64) })
	}
	return writeTables(dir, p, o, func(id string) (string, error) { return id, nil })
}

func writeTables[ID string | int64](dir string, p Partitions, o DumpOptions, convert func(string) (ID, error)) error {
	c := &idConverter[ID]{convert: convert}
	if err := writeTable(dir, "orders", p.Orders, o, c, c.order); err != nil {
		return err
	}
	if err := writeTable(dir, "refunds", p.Refunds, o, c, c.refund); err != nil {
		return err
	}
	if err := writeTable(dir, "products", p.Products, o, c, c.product); err != nil {
		return err
	}
	return writeTable(dir, "talents", p.Talents, o, c, c.talent)
}

func writeTable[Row, Dump any, ID string | int64](dir, table string, days map[Day][]Row, o DumpOptions, c *idConverter[ID], dump func(Row) Dump) error {
	for _, day := range slices.Sorted(maps.Keys(days)) {
		rows := make([]Dump, 0, len(days[day]))
		for _, r := range days[day] {
			rows = append(rows, dump(r))
		}
		if c.err != nil {
			return fmt.Errorf("dump %s of %s: %w", table, day, c.err)
		}
		shuffle(rows, o.ShuffleSeed+uint64(day), o.ShuffleSeed != 0)
		if err := writePartition(filepath.Join(dir, table, "dt="+day.String()), rows, o); err != nil {
			return fmt.Errorf("dump %s of %s: %w", table, day, err)
		}
	}
	return nil
}

func shuffle[Dump any](rows []Dump, seed uint64, on bool) {
	if !on {
		return
	}
	random := rand.New(rand.NewPCG(seed, seed))
	random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
}

func writePartition[Dump any](dir string, rows []Dump, o DumpOptions) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	files := max(1, min(o.Files, len(rows)))
	for i := range files {
		part := rows[len(rows)*i/files : len(rows)*(i+1)/files]
		if err := writeFile(filepath.Join(dir, fmt.Sprintf("part-%05d.parquet", i)), part, o); err != nil {
			return err
		}
	}
	if o.Success {
		return os.WriteFile(filepath.Join(dir, "_SUCCESS"), nil, 0o644)
	}
	return nil
}

func writeFile[Dump any](name string, rows []Dump, o DumpOptions) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close() // after an error; the second close of a written file is harmless
	options := []parquet.WriterOption{parquet.Compression(&parquet.Zstd)}
	if o.RowsPerGroup > 0 {
		options = append(options, parquet.MaxRowsPerRowGroup(o.RowsPerGroup))
	}
	w := parquet.NewGenericWriter[Dump](f, options...)
	if _, err := w.Write(rows); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return f.Close()
}

type orderDump[ID string | int64] struct {
	OrderLineID        ID      `parquet:"order_line_id"`
	OrderID            ID      `parquet:"order_id"`
	BuyerID            ID      `parquet:"buyer_id"`
	MerchantID         ID      `parquet:"merchant_id"`
	ProductID          ID      `parquet:"product_id"`
	SKUID              *ID     `parquet:"sku_id,optional"`
	PromoterID         *ID     `parquet:"promoter_id,optional"`
	AuthorID           *ID     `parquet:"author_id,optional"`
	ContentID          *ID     `parquet:"content_id,optional"`
	Scene              string  `parquet:"scene,dict"`
	CreatedAt          int64   `parquet:"created_at,timestamp(microsecond)"`
	PaidAt             *int64  `parquet:"paid_at,optional,timestamp(microsecond)"`
	Quantity           int64   `parquet:"quantity"`
	BuyerPaidFen       int64   `parquet:"buyer_paid_fen"`
	PlatformSubsidyFen int64   `parquet:"platform_subsidy_fen"`
	FreightFen         int64   `parquet:"freight_fen"`
	OrderKind          string  `parquet:"order_kind,dict"`
	RiskReason         *string `parquet:"risk_reason,optional"`
}

type refundDump[ID string | int64] struct {
	AuthorID           *ID     `parquet:"author_id,optional"`
	ContentID          *ID     `parquet:"content_id,optional"`
	Scene              string  `parquet:"scene,dict"`
	OrderKind          string  `parquet:"order_kind,dict"`
	RiskReason         *string `parquet:"risk_reason,optional"`
	Quantity           int64   `parquet:"quantity"`
	BuyerPaidFen       int64   `parquet:"buyer_paid_fen"`
	PlatformSubsidyFen int64   `parquet:"platform_subsidy_fen"`
	RefundID           ID      `parquet:"refund_id"`
	OrderLineID        ID      `parquet:"order_line_id"`
	OrderID            ID      `parquet:"order_id"`
	BuyerID            ID      `parquet:"buyer_id"`
	MerchantID         ID      `parquet:"merchant_id"`
	ProductID          ID      `parquet:"product_id"`
	PromoterID         *ID     `parquet:"promoter_id,optional"`
	PaidAt             int64   `parquet:"paid_at,timestamp(microsecond)"`
	AppliedAt          int64   `parquet:"applied_at,timestamp(microsecond)"`
	IntervenedAt       *int64  `parquet:"intervened_at,optional,timestamp(microsecond)"`
	LiableAt           *int64  `parquet:"liable_at,optional,timestamp(microsecond)"`
	SucceededAt        *int64  `parquet:"succeeded_at,optional,timestamp(microsecond)"`
	ClosedAt           *int64  `parquet:"closed_at,optional,timestamp(microsecond)"`
	AmountFen          int64   `parquet:"amount_fen"`
	IsFull             bool    `parquet:"is_full"`
	Kind               string  `parquet:"kind,dict"`
	Reason             string  `parquet:"reason,dict"`
	IsFirst            bool    `parquet:"is_first"`
	SelfCompleted      *bool   `parquet:"self_completed,optional"`
	Liable             *string `parquet:"liable,optional"`
}

type productDump[ID string | int64] struct {
	ProductID        ID       `parquet:"product_id"`
	MerchantID       ID       `parquet:"merchant_id"`
	Name             string   `parquet:"name"`
	BrandID          *ID      `parquet:"brand_id,optional"`
	Category1ID      *ID      `parquet:"category1_id,optional"`
	Category2ID      *ID      `parquet:"category2_id,optional"`
	Category3ID      *ID      `parquet:"category3_id,optional"`
	StyleID          *ID      `parquet:"style_id,optional"`
	UnitsPerItem     int64    `parquet:"units_per_item"`
	InfoScore        *float64 `parquet:"info_score,optional"`
	ListedAt         int64    `parquet:"listed_at,timestamp(microsecond)"`
	PurchasableHours float64  `parquet:"purchasable_hours"`
	LiveOnly         bool     `parquet:"live_only"`
	InCart           bool     `parquet:"in_cart"`
	IsVirtual        bool     `parquet:"is_virtual"`
	BrandFlag        bool     `parquet:"brand_flag"`
}

type talentDump[ID string | int64] struct {
	TalentID        ID     `parquet:"talent_id"`
	Name            string `parquet:"name"`
	OwnerMerchantID *ID    `parquet:"owner_merchant_id,optional"`
	Category1ID     *ID    `parquet:"category1_id,optional"`
	Followers       int64  `parquet:"followers"`
	JoinedOn        int32  `parquet:"joined_on,date"`
}

// idConverter turns rows into dump rows; err is the first identifier it could not convert.
type idConverter[ID string | int64] struct {
	convert func(string) (ID, error)
	err     error
}

func (c *idConverter[ID]) id(s string) ID {
	v, err := c.convert(s)
	if err != nil && c.err == nil {
		c.err = err
	}
	return v
}

func (c *idConverter[ID]) opt(s *string) *ID {
	if s == nil {
		return nil
	}
	return ptr(c.id(*s))
}

func micros(t time.Time) int64 { return t.UnixMicro() }

func optMicros(t *time.Time) *int64 {
	if t == nil {
		return nil
	}
	return ptr(t.UnixMicro())
}

func (c *idConverter[ID]) order(o Order) orderDump[ID] {
	return orderDump[ID]{
		OrderLineID: c.id(o.OrderLineID), OrderID: c.id(o.OrderID), BuyerID: c.id(o.BuyerID),
		MerchantID: c.id(o.MerchantID), ProductID: c.id(o.ProductID), SKUID: c.opt(o.SKUID),
		PromoterID: c.opt(o.PromoterID), AuthorID: c.opt(o.AuthorID), ContentID: c.opt(o.ContentID),
		Scene: o.Scene, CreatedAt: micros(o.CreatedAt), PaidAt: optMicros(o.PaidAt), Quantity: o.Quantity,
		BuyerPaidFen: o.BuyerPaidFen, PlatformSubsidyFen: o.PlatformSubsidyFen, FreightFen: o.FreightFen,
		OrderKind: o.OrderKind, RiskReason: o.RiskReason,
	}
}

func (c *idConverter[ID]) refund(r Refund) refundDump[ID] {
	return refundDump[ID]{
		AuthorID: c.opt(r.AuthorID), ContentID: c.opt(r.ContentID), Scene: r.Scene, OrderKind: r.OrderKind,
		RiskReason: r.RiskReason, Quantity: r.Quantity, BuyerPaidFen: r.BuyerPaidFen,
		PlatformSubsidyFen: r.PlatformSubsidyFen, RefundID: c.id(r.RefundID), OrderLineID: c.id(r.OrderLineID),
		OrderID: c.id(r.OrderID), BuyerID: c.id(r.BuyerID), MerchantID: c.id(r.MerchantID),
		ProductID: c.id(r.ProductID), PromoterID: c.opt(r.PromoterID), PaidAt: micros(r.PaidAt),
		AppliedAt: micros(r.AppliedAt), IntervenedAt: optMicros(r.IntervenedAt), LiableAt: optMicros(r.LiableAt),
		SucceededAt: optMicros(r.SucceededAt), ClosedAt: optMicros(r.ClosedAt), AmountFen: r.AmountFen,
		IsFull: r.IsFull, Kind: r.Kind, Reason: r.Reason, IsFirst: r.IsFirst,
		SelfCompleted: r.SelfCompleted, Liable: r.Liable,
	}
}

func (c *idConverter[ID]) product(p Product) productDump[ID] {
	return productDump[ID]{
		ProductID: c.id(p.ProductID), MerchantID: c.id(p.MerchantID), Name: p.Name, BrandID: c.opt(p.BrandID),
		Category1ID: c.opt(p.Category1ID), Category2ID: c.opt(p.Category2ID), Category3ID: c.opt(p.Category3ID),
		StyleID: c.opt(p.StyleID), UnitsPerItem: p.UnitsPerItem, InfoScore: p.InfoScore,
		ListedAt: micros(p.ListedAt), PurchasableHours: p.PurchasableHours, LiveOnly: p.LiveOnly,
		InCart: p.InCart, IsVirtual: p.IsVirtual, BrandFlag: p.BrandFlag,
	}
}

func (c *idConverter[ID]) talent(t Talent) talentDump[ID] {
	return talentDump[ID]{
		TalentID: c.id(t.TalentID), Name: t.Name, OwnerMerchantID: c.opt(t.OwnerMerchantID),
		Category1ID: c.opt(t.Category1ID), Followers: t.Followers, JoinedOn: int32(t.JoinedOn),
	}
}
