// Package cdnow makes acceptance input of 23,570 customers' purchases over 18 months, 1997 and 1998, with
// published figures of repeat purchase. The data stands beside the project (see package shareddata).
//
//  1. Load reads the master file.
//  2. Source.Dump cuts it into daily Parquet dumps of one shop that sells one product: its own column names,
//     days as INT64 seconds since 1970, prices as decimals in dollars.
//  3. Source.Sales gives the same purchases to package recount.
//  4. LoadReference reads the figures of an independent program; its Compare functions list what differs.
//
// 255 rows equal another one and are genuine: every row is a purchase of its own and gets a running number.
// 80 purchases cost nothing. One purchase may be of far more than 20 CDs.
package cdnow

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/windvane/windvane/internal/testkit/dumps"
	"github.com/windvane/windvane/internal/testkit/recount"
)

// The first and last day of the data set; every day between has purchases. Calibration ends the 39 weeks of
// the published repeat figures.
const (
	FirstDay    recount.Date = "1997-01-01"
	LastDay     recount.Date = "1998-06-30"
	Calibration recount.Date = "1997-09-30"
)

// Purchases is the table's name; Shop and Product are the only ones there are.
const (
	Purchases = "purchases"
	Shop      = 1
	Product   = 1
)

// Source is the master file.
type Source struct{ Purchases []Purchase }

// Purchase is one transaction.
type Purchase struct {
	Number     int64 // running, from 1
	CustomerID string
	Day        recount.Date
	CDs        int64
	Cents      int64
}

// Load reads CDNOW_master.txt.gz from the data set's folder.
func Load(dir string) (*Source, error) {
	path := filepath.Join(dir, "CDNOW_master.txt.gz")
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	defer file.Close()
	plain, err := gzip.NewReader(file)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	s, err := parse(plain)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return s, nil
}

// parse reads a header and then lines of customer, day, CDs, dollars.
func parse(r io.Reader) (*Source, error) {
	s, lines := &Source{}, bufio.NewScanner(r)
	lines.Scan()
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 {
			continue
		}
		p, err := parsePurchase(fields)
		if err != nil {
			return nil, fmt.Errorf("purchase %d: %w", len(s.Purchases)+1, err)
		}
		p.Number = int64(len(s.Purchases) + 1)
		s.Purchases = append(s.Purchases, p)
	}
	return s, lines.Err()
}

func parsePurchase(fields []string) (p Purchase, err error) {
	if len(fields) != 4 {
		return p, fmt.Errorf("%d fields, want 4", len(fields))
	}
	t, err := time.Parse("20060102", fields[1])
	if err != nil {
		return p, err
	}
	p.CustomerID, p.Day = fields[0], recount.At(t)
	if p.CDs, err = strconv.ParseInt(fields[2], 10, 64); err != nil {
		return p, err
	}
	p.Cents, err = recount.Cents(fields[3])
	return p, err
}

// purchase is a line of the dump.
type purchase struct {
	Number     int64  `parquet:"purchase_no,zstd,delta"`
	CustomerID string `parquet:"customer,zstd,dict"`
	Shop       int64  `parquet:"shop_no,zstd,dict"`
	Product    int64  `parquet:"product_no,zstd,dict"`
	BoughtAt   int64  `parquet:"bought_at_seconds,zstd"`
	CDs        int64  `parquet:"cds,zstd"`
	Dollars    int32  `parquet:"dollars,zstd,decimal(2:9)"`
}

// Dump writes the dumps of the days first … last under dir.
func (s *Source) Dump(dir string, first, last recount.Date) error {
	rows := map[recount.Date][]purchase{}
	for _, p := range s.Purchases {
		rows[p.Day] = append(rows[p.Day], purchase{
			Number: p.Number, CustomerID: p.CustomerID, Shop: Shop, Product: Product,
			BoughtAt: p.Day.Midnight().Unix() + noon, CDs: p.CDs, Dollars: int32(p.Cents),
		})
	}
	table := dumps.NewTable[purchase](dir, Purchases, ".zstd.parquet", len(s.Purchases))
	for _, day := range recount.Days(first, last) {
		if err := table.Write(day, rows[day]); err != nil {
			return err
		}
	}
	return nil
}

// noon is when the dump says that everything was bought, in seconds of the day; the data set knows days only.
const noon = 12 * 60 * 60

// Sales are the purchases, for package recount.
func (s *Source) Sales() []recount.Sale {
	sales := make([]recount.Sale, len(s.Purchases))
	for i, p := range s.Purchases {
		sales[i] = recount.Sale{
			Day: p.Day, Order: strconv.FormatInt(p.Number, 10), Buyer: p.CustomerID,
			Merchant: strconv.Itoa(Shop), Product: strconv.Itoa(Product),
			Fen: p.Cents, Units: p.CDs, State: recount.Valid,
		}
	}
	return sales
}
