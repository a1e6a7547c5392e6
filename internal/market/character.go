package market

import "math"

// What is planted about characters. The indicators that follow from these rates have, over the shops and talents of a
// large market, about the medians and the spread that the rules' own anchors describe (definitions.md, sections 5 to 7:
// the values that a fifth, half, four fifths and 97 of 100 stay below), and with 1,000 orders go about as many chats
// and refunds as in the worked example of section 6. Where an indicator counts orders, the chance of a line is lower:
// an order has 1.4 lines.
var (
	typicalDefect     = spread{0.016, 0.85, 0.5}
	typicalLateness   = spread{0.04, 0.85, 0.6}
	typicalSpeed      = spread{1, 0.2, 3}
	typicalSlowReply  = spread{0.15, 0.8, 0.8}
	typicalBadService = spread{0.08, 0.75, 0.6}
	typicalHandling   = spread{14, 0.8, 240} // hours
	typicalDispute    = spread{0.06, 0.8, 0.5}
	typicalUnattended = spread{0.10, 0.8, 0.6}
	typicalMisleading = spread{0.006, 1.2, 0.3}
	typicalReports    = spread{5e-5, 1.2, 0.05} // per viewer
	typicalBadRatings = spread{0.03, 0.8, 0.5}
)

const (
	// careCorrelation is the correlation between any two traits of a shop or of a talent: the middle of what the
	// anchors were designed for (definitions.md, section 4: 0.10 to 0.40).
	careCorrelation = 0.25
	// sharedSourcing is the share of the variance between products that is their shop's.
	sharedSourcing = 0.5
	// abusiveTalents is the share of talents who mislead as a business, in between abusiveFrom and abusiveTo of their
	// lines. They are few: the anchor of 97 of 100 lies at ten times the median.
	abusiveTalents = 0.04
	abusiveFrom    = 0.04
	abusiveTo      = 0.16
)

// spread is how a planted number is distributed: lognormal, with a cap.
type spread struct{ median, sigma, most float64 }

// at is the number of a subject whose trait is z; a higher z is worse.
func (d spread) at(z float64) float64 { return min(d.most, d.median*math.Exp(d.sigma*z)) }

// trait is a standard normal number that falls with care: a Gaussian copula with one factor. Two traits of one subject
// correlate by careCorrelation.
func (s *stream) trait(care float64) float64 {
	return math.Sqrt(1-careCorrelation)*s.normal() - math.Sqrt(careCorrelation)*care
}

// planted draws the number of a subject.
func (s *stream) planted(d spread, care float64) float64 { return d.at(s.trait(care)) }
