package lake

// WriteParquetTo lets benchmarks measure encoding without a store, whose own checksums cost as much.
var WriteParquetTo = writeParquet
