// Package reviews is the quarterly review: the quarter as a span of local time, the numbers
// that are frozen for it, and the act in which an officer decides on them and signs.
//
// Freezing reads the views of the other parts in one transaction and returns plain data
// with the evidence behind each number. It judges nothing again and renders nothing; the
// same data and time give the same snapshot.
//
// An Act is opened on a snapshot, decided line by line, signed by two persons on the screen
// or on paper, and then locked. Always true of acts: a step is a leaf of the evidence log
// that names the hash of the step before it, written in the transaction that makes it true,
// so that what was answered with success survives any crash; steps are only added; the
// frozen numbers never change, and what comes late is listed as late; nothing is signed
// while a critical line is undecided; the two who sign are two; a locked act takes no step,
// and what must be corrected is another act that names the one it amends.
package reviews
