// Package reviews prepares the quarterly review: the quarter as a span of
// local time, and the frozen numbers that an officer decides on.
//
// Freezing reads the views of the other parts in one transaction and returns
// plain data with the evidence behind each number. It judges nothing again,
// renders nothing and keeps no state; the same data and time give the same
// snapshot.
package reviews
