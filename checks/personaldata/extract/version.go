package extract

// RulesVersion grows whenever the same bytes may give other texts or another outcome
// than before, so that what was read under older rules can be told apart.
const RulesVersion = 3
