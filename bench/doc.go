// Command bench measures windvane against DuckDB, Polars and ClickHouse (chDB) on the same dumps.
//
// How a measurement comes to be:
//
//  1. Market makes the dumps with windvane demo, once for each set of parameters.
//  2. Each job is run by each engine in a process of its own: windvane by this program's job command
//     (or the windvane binary itself), the peers by one Python file per engine and job under peers/; the
//     many rollups of all_reductions and night_windows stand beside it in reductions/, a file for each kind
//     of table.
//  3. The first run of each engine also answers what came out: rows, exact sums and sums of squares of
//     every measure and an order-independent checksum of every result table. Engines that disagree
//     end the program. The run warms the page cache and is not timed.
//  4. The other runs are timed, engines taking turns, so that noise of the machine hits all alike;
//     a night of windvane is timed once for the two jobs that compare it.
//     A process tells the seconds from its first read to its last result; the kernel tells the rest.
//  5. The medians go to result.json and to docs/benchmarks.md.
//
// The peers are no part of the product: they live in this module and in a virtual environment that
// the Makefile makes. What each of them is asked to do, and which variants were tried, stands at the top
// of its file.
package main
