// Package twin is a second, naive implementation of the published tables, against which the engine is
// tested. It reads whole order lines row by row, keeps every identifier in the clear and recomputes each
// figure from its one-line definition in transforms/contract. It is quadratic in everything and shares no
// code with the engine: only the table declarations and the standard library.
//
// How its parts fit:
//
//  1. Markets draws small random marketplaces with every edge case we know of (market.go).
//  2. WriteDumps writes one as Parquet dumps, as a warehouse would (dump.go).
//  3. Compute and LateData give the tables that must be published (this package's heart).
//  4. ReadPublished and Diff read what was published and print what differs (compare.go).
//
// # Rules that the one-line definitions leave open
//
// Order rows. A row of partition dt is unpaid (paid_at null) or paid on dt. gmv_order of a day takes the
// rows of dt whose created day is dt, paid or not, kind ≠ test. A line created on c and paid on p > c
// stands in dt=c, unpaid, and in dt=p, paid: there it counts only as paid.
//
// Class, first match wins: unpaid; test (paid, kind test); abnormal (paid, risk_reason set or quantity
// above max_units_per_line); gmv_valid otherwise, and of these score_valid if the kind is not gift,
// lucky_bag or sample and buyer_paid + subsidy exceeds 200 fen. gmv_paid_raw is paid and not test.
//
// Excluded lines have the reason test, risk:<risk_reason>, or max_units_per_line where no risk is named.
//
// Channel. The account is author_id, else promoter_id. self: this merchant owns the account in the
// talents snapshot of dt, or the nearest earlier one; else distribution if promoter_id is set; else none.
// Without a snapshot at or before dt: unknown if an account is named, else none. Conversions of trust are null where a day with orders
// that they look at lies before the first snapshot.
//
// Category is category1_id in the products snapshot of dt, or the nearest earlier one; (none) if the
// product or its category is unknown. Without any products partition by the as-of date there are no
// category rows.
//
// Which rows gmv and gmv_split have is decided in hasRow alone.
//
// Refunds. A row counts in the partition of its succeeded day only, and for gmv_valid lines only (by the
// columns copied from the line). A line's refunds are ordered by (succeeded_at, refund_id); is_full counts
// as the whole line; the running sum is capped at the line's paid + subsidy; what a refund adds below the
// cap belongs to its succeeded day. Channel and category come from the snapshots of the pay day, so that a
// refund meets its sale. A refund whose pay day has no orders partition reduces no net figure: there is no
// sale to reduce. Without any refunds partition by the as-of date, refund figures are null.
//
// Orders are counted per pay day: one order paid on two days is two.
//
// New buyers have no gmv_valid purchase in the scope in the 365 days before the window. They are known only
// if history (first orders partition, or history_complete_from if earlier) reaches back so far.
//
// R1(90) of the overview needs a history that reaches back 90 days: of a shorter one few had the time to come back.
//
// Purchase days (R1 to R3). A day counts while one gmv_valid line of that buyer and scope remains. A line
// is gone if a refund with is_full succeeded within 15 days of payment and by the as-of date; partial
// refunds never take a line out, whatever their sum.
//
// Growth figures shift both ends of the period: by 1 day, 7 days, one calendar month, one year (days that
// do not exist become the month's last). Null unless every day of both periods has an orders partition
// (carted_products: a products partition) and the base is above 0.
//
// Money averages round half up. A ratio with denominator 0 is null.
package twin
