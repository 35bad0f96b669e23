package main

// patterns are what ripgrep and Go's regular expressions look for: the shapes of the
// identifiers, without check digits, words or variants. Both engines know them all.
func patterns() []string {
	return []string{
		`\b[A-Z][AEIOUX][A-Z]{2}[0-9]{6}[HMX][A-Z]{2}[B-DF-HJ-NP-TV-Z]{3}[0-9A-Z][0-9]\b`, // CURP
		`\b[A-Z&]{3,4}[0-9]{6}[A-Z0-9]{2}[0-9A]\b`,                                        // RFC
		`\b[0-9]{2}-?[0-9]{2}-?[0-9]{2}-?[0-9]{4}-?[0-9]\b`,                               // NSS
		`\b[0-9]{18}\b`,                    // CLABE
		`\b[A-Z]{6}[0-9]{8}[HM][0-9]{3}\b`, // clave de elector
		`\b(?:4[0-9]{3}|5[1-5][0-9]{2}|2[2-7][0-9]{2}|3[47][0-9]{2})[ -]?[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{3,4}\b`, // card
		`\b(?:52 ?)?[0-9]{2,3}[ -]?[0-9]{3,4}[ -]?[0-9]{4}\b`,                                                    // Mexican telephone
		`\b[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}\b`,                                                     // e-mail
		`\b[0-9]{8}-?[A-HJ-NP-TV-Z]\b`,                                                                           // DNI
		`\b[XYZ]-?[0-9]{7}-?[A-Z]\b`,                                                                             // NIE
		`\b[ABCDEFGHJNPQRSUVW][0-9]{7}[0-9A-J]\b`,                                                                // CIF
		`\b[0-9]{2}[ /-]?[0-9]{8}[ /-]?[0-9]{2}\b`,                                                               // NUSS
		`\bES[0-9]{2} ?(?:[0-9]{4} ?){5}\b`,                                                                      // IBAN
		`\b(?:[A-Z]{3}[0-9]{6}|[GN][0-9]{8})\b`,                                                                  // passport
		`\b(?:34 ?)?[6-9][0-9]{2} ?[0-9]{3} ?[0-9]{3}\b`,                                                         // Spanish telephone
	}
}
