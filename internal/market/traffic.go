package market

import (
	"math/bits"
	"sync/atomic"

	"github.com/windvane/windvane/transforms/contract"
)

// traffic counts what the daily figures are made from. Workers count at once; sums do not depend on order.
type traffic struct {
	byPartner []uint32 // lines today: (partnership*shown + j)*4 + partnerScene
	byProduct []uint32 // lines today not through a talent: product*8 + scene
	byAuthor  []uint32 // lines today: account*2, plus 1 for videos
	buyers    []uint64 // bit set: bought a gmv_valid line today

	lifts *lifts // of all days
}

// lifts count per merchant how Chuanliu's planted lift happened.
type lifts struct {
	base   []int64 // self-broadcast orders of boosted pairs
	caused []int64 // orders that followed from them
}

// The scenes of a partnership are live, short_video and shop.
var partnerScenes = [...]uint8{contract.SceneLive, contract.SceneShortVideo, contract.SceneShop}

func newTraffic(p *population) *traffic {
	return &traffic{
		byPartner: make([]uint32, len(p.partnerships)*shown*4),
		byProduct: make([]uint32, len(p.products)*8),
		byAuthor:  make([]uint32, len(p.talents)*2),
		buyers:    make([]uint64, (p.buyers+63)/64),

		lifts: &lifts{make([]int64, len(p.merchants)), make([]int64, len(p.merchants))},
	}
}

// nextDay forgets what was counted for one day.
func (t *traffic) nextDay() {
	clear(t.byPartner)
	clear(t.byProduct)
	clear(t.byAuthor)
	clear(t.buyers)
}

func (t *traffic) countPartner(partner, j int32, scene uint8) {
	at := min(scene, 2) // shop, code 5, is the third
	atomic.AddUint32(&t.byPartner[(int(partner)*shown+int(j))*4+int(at)], 1)
}

func (t *traffic) countProduct(product int32, scene uint8) {
	atomic.AddUint32(&t.byProduct[int(product)*8+int(scene)], 1)
}

func (t *traffic) countLine(l *line) {
	if l.author >= 0 {
		kind := min(l.scene, 1)
		atomic.AddUint32(&t.byAuthor[int(l.author)*2+int(kind)], 1)
	}
}

func (t *traffic) countLift(merchant int32, caused bool) {
	atomic.AddInt64(&t.lifts.base[merchant], 1)
	if caused {
		atomic.AddInt64(&t.lifts.caused[merchant], 1)
	}
}

func (t *traffic) countBuyer(buyer int32) {
	word, bit := &t.buyers[buyer>>6], uint64(1)<<(buyer&63)
	if atomic.LoadUint64(word)&bit == 0 {
		atomic.OrUint64(word, bit)
	}
}

func (t *traffic) distinctBuyers() int64 {
	n := 0
	for _, w := range t.buyers {
		n += bits.OnesCount64(w)
	}
	return int64(n)
}

// programme is the programme's lift as it happened.
func (l *lifts) programme() float64 {
	base, caused := int64(0), int64(0)
	for i := range l.base {
		base += l.base[i]
		caused += l.caused[i]
	}
	if base == 0 {
		return 0
	}
	return float64(caused) / float64(base)
}
