package config_test

import (
	"strings"
	"testing"

	"github.com/windvane/windvane/config"
)

// The peak that nobody names is the last day; a mistake names its campaign and its place.
func TestCalendar(t *testing.T) {
	c := mustLoad(t, "calendar: [{name: 双11, from: 2025-10-09, to: 2025-11-11}, {name: 双11, from: 2026-10-12, to: 2026-11-14, peak: 2026-11-11, like: 2025-10-09}]")
	if d, ok := c.Campaigns().Counterpart(c.Campaigns()[1].Peak - 1); !ok || d.String() != "2025-11-10" {
		t.Errorf("the day before the peak is like %s, %v", d, ok)
	}
	for _, x := range []struct{ text, says string }{
		{"calendar:\n  - {name: 618, from: 2026-05-20}", "calendar[0]: from and to are both needed"},
		{"calendar:\n  - {name: 618, from: 2026-05-20, to: 2026-06-18, max_volume: 0.5}", "calendar[0].max_volume: 0.5 is not above 1; 0 means no such gate (line 2, column"},
		{"calendar:\n  - {name: 618, from: 2026-05-20, to: 2026-06-18, like: 2025-05-20}", "calendar: 618 from 2026-05-20: like: no earlier campaign of the calendar begins on 2025-05-20"},
	} {
		if _, err := config.Load(strings.NewReader(x.text), config.Overrides{}); err == nil || !strings.Contains(err.Error(), x.says) {
			t.Errorf("got %v, want %s", err, x.says)
		}
	}
}
