// Package eligibility decides who gets traffic, subsidies, benefits and campaign access, and explains each decision.
//
// For one list the decision is made in six steps:
//
//  1. gates: every gate of the list is judged for every subject (gate.go);
//  2. streaks: a subject stands once its gates passed EnterAfter runs in a row, and stops standing after LeaveAfter
//     runs below the threshold less the band, or at once (standing.go);
//  3. levels: scales turn scores into a level and a multiplier (level.go);
//  4. places: people's overrides, multipliers of 0 and the cap of each shop take places or give them; who is left is
//     ranked inside its level-1 category (place.go, rank.go);
//  5. cold start: a share of places goes to subjects without a score (coldstart.go);
//  6. movement: who entered, stayed, left, with reasons (decide.go).
//
// Allocate shares the daily pool of boosted impressions among members (allocate.go). Needs and Qualifies tell what
// would have to change (needs.go).
//
// Standing is apart from being a member: a subject that is capped, denied or allowed by hand goes on passing or
// failing underneath, and its standing is what the next night carries on. Callers keep both.
//
// All thresholds are arguments (package rules). Scores are compared as integers, so a mean that is exactly on the
// line is on the line. The same arguments give the same decision; ties go to the smaller position. Nothing here
// writes to its arguments. Wrong shapes are a bug of the caller and panic.
//
// Source: definitions.md, sections 10, 14 and 15. Where they leave a choice, it was made so:
//
//   - A score gate looks at the runs only if there is a score tonight. Without one a floor gate passes and every
//     other gate is not known, whatever the runs before say: "no score passes no high gate, fails no floor gate".
//   - What is not known does not pass, in whichever direction the gate points, except at floor gates. It fails
//     without band, but never throws a member out at once: a table that is late is no violation.
//   - A product whose shop nobody knows is none of a shop without a score: gates on the shop's score and tickets, floor gates too, give the
//     reason not_known.
//   - A score without its quality dimension lacks data, not orders: gates on the dimension give the reason not_known, not no_score.
//   - A gate is in the band if it fails, and would pass with the bound moved by the band. For gates over days the
//     bound of each day is moved.
//   - A floor gate over days with fewer scored runs than days passes.
//   - A level read off tonight's own score is no better than the grade of that score, which the quality gate may have lowered. Means have
//     no grade: their levels go by the score alone.
//   - A score under the last step of a scale keeps the last step while the subject is a member (it is in the band, is
//     leaving slowly, or is allowed by hand); others have no level then.
//   - Who is allowed by hand is a member whatever the cap and the multiplier say, counts neither in n of the cap nor
//     in the places of its shop, and is ranked like the others. Who is denied leaves its place to others.
//   - Subjects of an unknown shop are not capped; the cap bounds members by cold start too.
//   - Cold start is for subjects whose only failed gates are score gates without a score. One that passes and waits
//     for its streak goes on waiting.
//   - A member that is no subject any more has left, and has a row of its own that night: movement left, reason gone or
//     own_account, nothing else known. No gates are shown of it.
//   - On a stale or held night the list is kept to the last rank; who is in another category tonight stands behind those of that. Nobody enters, and nobody leaves but who is denied or opts out, and
//     from a held list who fails a gate that waits for nothing and is not allowed by hand; an allowance that ends waits for the next night.
//     Of a held list it is told which gates do not pass tonight and whose level would weigh nothing, of a stale one it is not: its columns are incomplete.
package eligibility
