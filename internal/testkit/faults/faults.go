// Package faults is a bucket in memory that fails as told: the n-th operation from now before or after its effect,
// once or for good, and reads that come short, with a flipped bit, or from a stale listing.
//
// It is a driver of gocloud.dev/blob, so what stands above it, the retries and the client code of package lake
// included, is what stands above S3. It has no clock of its own: objects are as old as the number of writes before them,
// unless it is given one.
package faults

import (
	"crypto/md5"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Effect is what the failing operation does.
type Effect int

// Effects. The first two count every operation, the others only the reads or listings they can spoil.
const (
	Before    Effect = iota // the operation fails and does nothing
	After                   // the operation takes effect, but its caller is told it failed
	ShortRead               // a read ends half-way, without an error
	FlipBit                 // a read has one wrong bit in its middle
	StaleList               // a listing lacks the newest object
)

// String names the effect in test output.
func (e Effect) String() string {
	return [...]string{"before its effect", "after its effect", "short read", "flipped bit", "stale listing"}[e]
}

// Fault is one thing that goes wrong.
type Fault struct {
	At     int // the operation it meets, from 1
	Effect Effect
	// Dies makes every later operation fail as well, as if the process had been killed there.
	Dies bool
	// Passes makes the failure one that trying again may mend; others are final.
	Passes bool
	// Only and Spare are prefixes of the keys that count, and of those that do not; empty: all count.
	Only, Spare string
}

// Errors of operations that failed on purpose.
var (
	ErrFinal   = errors.New("fault: access denied")
	ErrTrouble = errors.New("fault: connection reset by peer")
)

type object struct {
	data  []byte // never written to after it was stored
	write int64  // its number
	at    time.Time
	sum   [md5.Size]byte
}

// Bucket is the content of a store and the fault it is armed with. Several goroutines may use it at once.
type Bucket struct {
	mu      sync.Mutex
	objects map[string]object
	sorted  []string // keys of objects; nil: to be sorted again
	writes  int64
	bytes   int64 // of all objects
	now     func() time.Time
	fault   Fault
	counted int
	met     string // the operation that met the fault; empty: none yet
	forbids func(operation, key string) bool
}

// Content is what a bucket held at one moment.
type Content struct {
	objects map[string]object
	writes  int64
	bytes   int64
}

// Save copies the content.
func (b *Bucket) Save() Content {
	b.mu.Lock()
	defer b.mu.Unlock()
	return Content{maps.Clone(b.objects), b.writes, b.bytes}
}

// Restore brings back a content, and disarms the bucket.
func (b *Bucket) Restore(c Content) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.objects, b.writes, b.bytes, b.sorted = maps.Clone(c.objects), c.writes, c.bytes, nil
	b.fault, b.counted, b.met = Fault{}, 0, ""
}

// Arm makes the bucket fail as f says; operations are counted from now.
func (b *Bucket) Arm(f Fault) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fault, b.counted, b.met = f, 0, ""
}

// Disarm ends all faults and names the operation that met one; empty: none did.
func (b *Bucket) Disarm() (met string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fault = Fault{}
	return b.met
}

// Put stores an object without counting.
func (b *Bucket) Put(key string, data []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.store(key, data)
}

func (b *Bucket) store(key string, data []byte) {
	b.writes++
	at := time.Unix(b.writes, 1000).UTC()
	if b.now != nil {
		at = b.now()
	}
	b.drop(key)
	b.objects[key] = object{data, b.writes, at, md5.Sum(data)}
	b.bytes += int64(len(data))
}

func (b *Bucket) drop(key string) {
	b.bytes -= int64(len(b.objects[key].data))
	delete(b.objects, key)
	b.sorted = nil
}

// Remove takes away the objects whose key begins with prefix, without counting.
func (b *Bucket) Remove(prefix string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for key := range b.objects {
		if strings.HasPrefix(key, prefix) {
			b.drop(key)
		}
	}
}

// SetClock gives objects that are written from now on their time.
func (b *Bucket) SetClock(now func() time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = now
}

// Size is the number of objects whose key begins with prefix, and their bytes.
func (b *Bucket) Size(prefix string) (objects int, bytes int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, key := range b.keys(prefix, "") {
		objects++
		bytes += int64(len(b.objects[key].data))
	}
	return objects, bytes
}

// keys are those that begin with prefix and come after one, in order.
func (b *Bucket) keys(prefix, after string) []string {
	if b.sorted == nil {
		b.sorted = slices.Sorted(maps.Keys(b.objects))
	}
	from, found := slices.BinarySearch(b.sorted, max(prefix, after))
	if found && b.sorted[from] == after {
		from++
	}
	n, _ := slices.BinarySearchFunc(b.sorted[from:], prefix, func(key, prefix string) int {
		if strings.HasPrefix(key, prefix) {
			return -1
		}
		return 1
	})
	return b.sorted[from : from+n]
}

// Forbid makes the bucket refuse operations, as a store does whose credentials do not allow them. It is asked under a lock.
func (b *Bucket) Forbid(forbids func(operation, key string) bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.forbids = forbids
}

// Objects are the bytes of all objects whose key begins with prefix.
func (b *Bucket) Objects(prefix string) map[string]string {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := map[string]string{}
	for key, o := range b.objects {
		if strings.HasPrefix(key, prefix) {
			out[key] = string(o.data)
		}
	}
	return out
}

// operate runs one operation under the lock, unless the fault forbids it. effect is nil for an operation that changes
// nothing: what it read is lost then.
func (b *Bucket) operate(name, key string, effect func() error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.forbids != nil && b.forbids(name, key) {
		return fmt.Errorf("%s %s: %w", name, key, ErrFinal)
	}
	hit := b.fault.At > 0 && b.fault.Effect <= After && b.count(name, key)
	if hit && b.fault.Effect == Before || b.dead() && !hit {
		return b.failure(name, key)
	}
	if err := effect(); err != nil {
		return err
	}
	if hit {
		return b.failure(name, key)
	}
	return nil
}

// spoils counts an operation that only a fault of this effect meets, and tells whether it is the one.
func (b *Bucket) spoils(e Effect, name, key string) bool {
	return b.fault.At > 0 && b.fault.Effect == e && b.count(name, key)
}

func (b *Bucket) count(name, key string) (hit bool) {
	if f := b.fault; !strings.HasPrefix(key, f.Only) || f.Spare != "" && strings.HasPrefix(key, f.Spare) {
		return false
	}
	b.counted++
	if b.counted == b.fault.At {
		b.met = fmt.Sprintf("operation %d, %s %s", b.counted, name, key)
		return true
	}
	return false
}

func (b *Bucket) dead() bool { return b.met != "" && b.fault.Dies && b.fault.Effect <= After }

func (b *Bucket) failure(name, key string) error {
	cause := ErrFinal
	if b.fault.Passes {
		cause = ErrTrouble
	}
	return fmt.Errorf("%s %s: %w", name, key, cause)
}
