package market

// Preset is a market made for a purpose.
type Preset struct {
	Name    string
	Purpose string
	Options Options
}

// Presets are the markets that have a name.
func Presets() []Preset {
	return []Preset{
		{"month", "a month, made in seconds", DefaultOptions()},
		{"lift", "13 million lines: the programme's lift shows to within 5 points, a large brand's to within 15", LiftOptions()},
		{"scores", "20,000 shops, nearly all with a score, for 106 days: the month before the last day has norms", ScoresOptions()},
	}
}

// LiftOptions are a market whose 95 % interval of the programme's lift reaches about five points to each side, of net
// self-broadcast GMV by buyer without adjustment.
//
// Few shops, most of them in Chuanliu, and 0.35 orders a buyer and day make eligible pairs buy often within 14 days. How
// many lines there must be follows from the power formula: the interval of a ratio of means is 1.96 · (1 + lift) ·
// √(CV²/n_T + CV²/n_C), n in buyers. At a tenth of the lines and buyers, 2,800 of the holdout have closed windows and a
// coefficient of variation of 3.9: ± 17 points. It falls with the root of the lines; a test measures it. A single day of
// one brand stays out of reach: it has a few lines in the holdout.
func LiftOptions() Options {
	o := DefaultOptions()
	o.Days, o.Merchants, o.Talents, o.Products = 60, 20, 60, 400
	o.Buyers, o.LinesPerDay = 440_000, 220_000
	o.Skew, o.Participation = 0.6, 0.9
	return o
}

// ScoresOptions are a market of shops that have a score: sizes fall more slowly than in a whole marketplace, whose long
// tail has none.
func ScoresOptions() Options {
	o := DefaultOptions()
	o.Days, o.Merchants, o.Talents, o.Products = 106, 20_000, 20_000, 40_000
	o.Buyers, o.LinesPerDay = 300_000, 90_000
	o.Skew = 0.6
	return o
}
