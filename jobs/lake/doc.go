// Package lake is the only door to object storage and to Parquet: it lists, reads, stages and commits.
//
// Its parts, from the bottom up:
//
//  1. store.go, store_local.go, store_remote.go: bytes by key. Directories are handled here with os.Root, so that a
//     key can never leave the directory and a conditional write is atomic; every other URL goes to gocloud.dev/blob.
//  2. retry.go: the only place where storage trouble is tried again, a limited number of times, with jitter.
//  3. lake.go, conditional.go: Lake, with Put (all or nothing) and PutIfAbsent (exactly one winner).
//  4. footer.go, columns.go, chunk.go, levels.go, decode*.go, assemble.go, read.go: Parquet to Arrow. Every size that
//     a file claims is held against Limits and against the bytes that are really there before memory is taken for it.
//     Of parquet-go this uses the format, its Thrift decoder and its value encodings, and not parquet.File, which
//     trusts page headers and hands out values one by one.
//  5. write*.go: Arrow to Parquet, the same bytes for the same batches, whatever the machine or the hour.
//  6. commit.go: the commit records of architecture section 7.
//
// The package promises: no input file makes the process die or take more memory than Limits allow; nothing is
// visible under a key before it is complete; a broken file is named in the error together with the column.
// What rows mean, and what to do with a broken file, is left to package jobs.
package lake
