package olist

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/windvane/windvane/internal/testkit/recount"
)

// Reference holds the figures of reference.json and reference_windows.json that windvane publishes too.
type Reference struct {
	Totals  totals
	Windows windows
}

type totals struct {
	PriceTotal        recount.Money   `json:"price_total"`
	MonthsAll         map[string]sold `json:"gmv_by_month_all_statuses"`
	MonthsNotCanceled map[string]sold `json:"gmv_by_month_not_canceled_unavailable"`
	MonthsDelivered   map[string]sold `json:"gmv_by_month_delivered"`
	DaysAll           map[string]day  `json:"gmv_by_day_all_statuses"`
	TopSellers        []subject       `json:"top20_sellers"`
	TopProducts       []subject       `json:"top20_products"`
	Categories        []subject       `json:"categories"`
	Rows              map[string]int  `json:"rows"`
	Delivery          map[string]any  `json:"delivery"`
}

type sold struct {
	GMV, Freight  recount.Money
	Items, Orders int64
}

func (s sold) total() recount.Total {
	return recount.Total{Fen: int64(s.GMV), Lines: s.Items, Orders: s.Orders}
}

type subject struct {
	Key string
	sold
}

// day is [gmv, freight, items, orders].
type day struct{ sold }

func (d *day) UnmarshalJSON(data []byte) error {
	parts := []any{&d.GMV, &d.Freight, &d.Items, &d.Orders}
	return json.Unmarshal(data, &parts)
}

type windows struct {
	R330      int64                             `json:"r3_30"`
	R360      int64                             `json:"r3_60"`
	R390      int64                             `json:"r3_90"`
	Buyers    int64                             `json:"buyers"`
	Platform  map[recount.Date]map[int64]window `json:"platform"`
	MAB       map[string]int64                  `json:"mab"`
	R2        map[string]retention              `json:"r2"`
	Merchants map[recount.Date]merchants        `json:"merchants_90d"`
}

type window struct {
	Buyers, Repeat int64
	GMV            int64 `json:"gmv_fen"`
}

type retention struct{ Buyers, Next int64 }

type merchants struct {
	Active, SumBuyers, SumRepeat int64
	Top50                        map[string]window
}

func (m *merchants) UnmarshalJSON(data []byte) error {
	var raw struct {
		Active    int64             `json:"active"`
		SumBuyers int64             `json:"sum_buyers"`
		SumRepeat int64             `json:"sum_repeat"`
		Top50     map[string]window `json:"top50"`
	}
	err := json.Unmarshal(data, &raw)
	*m = merchants{raw.Active, raw.SumBuyers, raw.SumRepeat, raw.Top50}
	return err
}

// LoadReference reads both reference files from the data set's folder.
func LoadReference(dir string) (*Reference, error) {
	r := &Reference{}
	return r, errors.Join(
		loadJSON(filepath.Join(dir, "reference.json"), &r.Totals),
		loadJSON(filepath.Join(dir, "reference_windows.json"), &r.Windows),
	)
}

func loadJSON(path string, into any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read reference: %w", err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("read reference %s: %w", path, err)
	}
	return nil
}

// WindowDates are the as-of dates of the window figures.
func (r *Reference) WindowDates() []recount.Date {
	return slices.Sorted(maps.Keys(r.Windows.Platform))
}
