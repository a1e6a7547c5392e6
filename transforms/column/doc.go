// Package column is windvane's native engine: exact integer reductions over columns.
//
// Data reaches it as Arrow arrays and leaves it as Arrow records; in between everything is int64. A
// null is Null, an identifier of type STRING is the code a Dict gave it, an enumeration is its code, a
// business day is its number. Rows travel row-major in blocks of fixed width:
//
//  1. Scatter spreads rows over partitions by a hash, so that each partition is small enough for the
//     cache and can be worked on alone; blocks that exceed the memory budget go to a spill file.
//  2. Groups numbers the groups of a partition that was turned into columns. Grouper is a hash table
//     for anything else: keys in front, running measures behind. Lookup finds rows of a snapshot.
//  3. Sorter packs result rows into numbers of a few words and puts them in the order of a table's key by
//     radix, in memory or merged from spilled runs.
//  4. Builder makes the Arrow records of a contract table, value by value or many at once.
//
// Budget counts what rows hold and keeps freed blocks, Buffers keeps freed Arrow buffers, for the next to use.
//
// Every reduction is a sum, a maximum, a bitwise or, or a count of distinct values of exact integers,
// hence the same whatever the number of workers, partitions or spills. The package does no I/O of its
// own: spill files come from an interface its caller satisfies.
package column

import "math"

// Null stands for a missing value in int64 columns. The mapping refuses it as an identifier.
const Null = math.MinInt64
