// Package mapping turns the rows of a company's own tables into the rows of the contract.
//
//  1. Table says how: which source column, unit, zone, values and conditions make each contract column.
//     Its zero value is the contract's own names and types.
//  2. New checks a Table against the contract and gives a Mapper.
//  3. Bind checks a Mapper against the columns one file really has and gives a Bound. What is wrong here
//     is broken input: a *BindError that names column, what was found, what was expected and the remedy.
//  4. Map converts one raw record. What is wrong here is a bad row: it leaves the record and becomes a
//     Reject with a reason code.
//
// Columns that already have the contract's type pass through without a copy; what they cost is one scan
// for nulls and ranges. The package does no I/O, reads no clock, and its values are safe for concurrent use.
package mapping
