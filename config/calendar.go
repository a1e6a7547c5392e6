package config

import (
	"fmt"
	"strconv"

	"github.com/windvane/windvane/transforms/calendar"
)

// Campaign is a run of business days on which the market is not as usual: 618, 双11, the lunar new year.
type Campaign struct {
	// Name is shown in messages of gates and in the overview.
	Name string `yaml:"name" json:"name"`
	// From is the first day.
	From *calendar.Day `yaml:"from" json:"from"`
	// To is the last day.
	To *calendar.Day `yaml:"to" json:"to"`
	// Peak is the day by which it is laid beside another campaign; null: the last day.
	Peak *calendar.Day `yaml:"peak" json:"peak,omitempty"`
	// Like is the first day of the earlier campaign of this calendar that it is to be compared with; null: none.
	Like *calendar.Day `yaml:"like" json:"like,omitempty"`
	// MinVolume stands for gates.min_volume on days that no earlier campaign tells of; null: gates.min_volume.
	MinVolume *float64 `yaml:"min_volume" json:"min_volume,omitempty"`
	// MaxVolume stands for gates.max_volume on such days; null: gates.max_volume.
	MaxVolume *float64 `yaml:"max_volume" json:"max_volume,omitempty"`
}

// Campaigns are those of the calendar, with nothing left unsaid but days that are missing.
func (c Config) Campaigns() (out calendar.Campaigns) {
	for _, p := range c.Calendar {
		if p.From == nil || p.To == nil {
			continue // a problem of its own
		}
		peak := p.To
		if p.Peak != nil {
			peak = p.Peak
		}
		out = append(out, calendar.Campaign{Name: p.Name, From: *p.From, To: *p.To, Peak: *peak, Like: p.Like})
	}
	return out
}

func (c Config) campaignProblems() (found []problem) {
	for i, p := range c.Calendar {
		at := "calendar[" + strconv.Itoa(i) + "]"
		if p.From == nil || p.To == nil {
			found = append(found, problem{at, "from and to are both needed, as in {name: 618, from: 2026-05-20, to: 2026-06-18}"})
		}
		if v := p.MinVolume; v != nil && (*v < 0 || *v >= 1) {
			found = append(found, problem{at + ".min_volume", fmt.Sprintf("%v is outside [0, 1); 0 means no such gate", *v)})
		}
		if v := p.MaxVolume; v != nil && *v != 0 && *v <= 1 {
			found = append(found, problem{at + ".max_volume", fmt.Sprintf("%v is not above 1; 0 means no such gate", *v)})
		}
	}
	for _, err := range unjoined(c.Campaigns().Validate()) {
		found = append(found, problem{"calendar", err.Error()})
	}
	return found
}
