// Package olist makes acceptance input of a real marketplace: 100 thousand orders of 3,095 sellers in Brazil,
// 2016 to 2018. The data stands beside the project (see package shareddata) and is never shipped.
//
//  1. Load reads the published CSV files.
//  2. Source.Dump cuts them into daily Parquet dumps, in the shape of a company that never heard of windvane:
//     its own table and column names, decimals, moments without zone, string ids.
//  3. Source.Sales gives the same lines to package recount, which computes the figures once more.
//  4. LoadReference reads the figures that an independent program computed; its Compare functions list
//     every published figure that differs from them.
//
// The dumps keep what is awkward about the data: persons (not the ids of their orders) are the buyers, one
// review covers several lines, shipping facts arrive on the day of their own event, 85 reviews are dated
// 01:00 because that midnight did not exist, 610 products have no category.
package olist
