package jobs

import (
	"context"
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/repeat"
	"github.com/windvane/windvane/transforms/rollup"
)

// channelsFrom is the day from first on from which the channels of all sales are known. Those on an account are not before the first snapshot
// of accounts; from then on every day has a nearest one. Sales tell it, not the snapshots there are: what came after a day was no longer restated is not in them.
// On a day that no snapshot classifies, without sales on accounts, there may have been traffic on them.
func (n *night) channelsFrom(ctx context.Context, first calendar.Day) (calendar.Day, error) {
	if !n.has(contract.Talents) {
		return n.asOf + 1, nil
	}
	begin, late := first, n.lastTooLate(contract.Talents.Name)
	for d, err := range n.history(ctx, rollup.SalesOf(contract.Scopes()[contract.RolePlatform]), first, "channel") {
		if err != nil {
			return 0, err
		}
		channels := d.Frame.Column("channel")
		known := slices.Contains(channels, contract.ChannelSelf) || slices.Contains(channels, contract.ChannelDistribution)
		_, classified := n.classifier(contract.Talents.Name, d.Day)
		if slices.Contains(channels, contract.ChannelUnknown) || !known && !classified {
			begin = d.Day + 1
		} else if known && d.Day >= late {
			break
		}
	}
	return begin, nil
}

// channelsKnown tells whether the channels of all sales of some days are known, both included, none of them before first.
func (n *night) channelsKnown(ctx context.Context, first calendar.Day) (func(first, last calendar.Day) bool, error) {
	begin, err := n.channelsFrom(ctx, first)
	return func(first, last calendar.Day) bool { return n.present.Count(first, min(last, begin-1)) == 0 }, err
}

// channelDays is how far figures by channel look back: the longest window of trust, and the days that buyers had to be converted before it.
var channelDays = calendar.Day(slices.Max(contract.TrustWindows)) + repeat.ConversionDays

// channelsLate tells from which day on channels are known, and how many days with orders that figures look at lie before it.
func (n *night) channelsLate(ctx context.Context) (begin calendar.Day, before int64, err error) {
	if !n.has(contract.Talents) {
		return 0, 0, nil
	}
	first := max(n.first, n.asOf-channelDays+1)
	begin, err = n.channelsFrom(ctx, first)
	return begin, n.present.Count(first, begin-1), err
}

// contentsKnown tells whether contents of a window that ends on the as-of date are known: no day of it with orders lies before the first day of contents.
func (n *night) contentsKnown(first calendar.Day) bool {
	ps := n.partitions[contract.Contents.Name]
	return n.computable(rollup.MerchantContents(), first) && n.present.Count(first, ps[0].Day-1) == 0
}
