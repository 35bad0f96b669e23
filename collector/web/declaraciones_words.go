package web

// declaredWords are what the page of declarations says.
func declaredWords() [][3]string {
	return [][3]string{
		{"declared.title", "Lo que se declara", "What is declared"},
		{"declared.lead", "Deberes que ningún programa puede medir: los prueba una persona con lo que hizo, o un libro. Lo declarado vence y hay que repetirlo.", "Duties that no program can measure: a person proves them by what was done, or a book does. What is declared ends and must be repeated."},
		{"declared.duty", "Deber", "Duty"},
		{"declared.state", "Cómo está", "How it stands"},
		{"declared.last", "Última declaración", "Last declaration"},
		{"declared.books", "Libros que lo prueban", "Books that prove it"},
		{"declared.pass", "declarado", "declared"},
		{"declared.warn", "en parte", "in part"},
		{"declared.fail", "no se cumple", "not met"},
		{"declared.unknown", "sin declarar", "not declared"},
		{"declared.expired", "venció el {day}", "ended on {day}"},
		{"declared.until", "vale hasta el {day}", "valid until {day}"},
		{"declared.never", "nunca", "never"},
		{"declared.do", "Declarar", "Declare"},
		{"declared.rows.one", "{n} fila", "{n} row"},
		{"declared.rows.many", "{n} filas", "{n} rows"},
	}
}
