package registers

import "vigia/checks/message"

// Codes of problems that are not of one kind of field.
const (
	codeMissing = "register.missing"
	codeText    = "register.text"
	codeLong    = "register.long"
	codeNoField = "register.no_field"
	codeTwice   = "register.twice"
	codeNoRow   = "register.no_row"
)

var yes = message.Text{ES: "sí", EN: "yes"}

// Messages are the words for all problems of rows and of imported files.
func Messages() message.Catalogue {
	say := func(es, en string) message.Entry { return message.Entry{Say: message.Text{ES: es, EN: en}} }
	return message.Catalogue{
		codeMissing: say("falta", "is missing"),
		codeText:    say("tiene letras que no se pueden leer", "holds characters that cannot be read"),
		codeLong:    say("tiene más de {most} letras", "has more than {most} characters"),
		codeNoField: say("el libro no tiene el campo «{field}»", "the book has no field “{field}”"),
		codeTwice:   say("ya está en {folio}", "is in {folio} already"),
		codeNoRow:   say("no hay ningún {value} en vigor", "there is no {value} in force"),

		"register.not_line":    say("«{value}» no vale", "“{value}” will not do"),
		"register.not_prose":   say("«{value}» no vale", "“{value}” will not do"),
		"register.not_lines":   say("«{value}» no vale", "“{value}” will not do"),
		"register.not_account": say("«{value}» no es una cuenta: escríbala como se entra, sin espacios", "“{value}” is no account: write it as one logs on, without spaces"),
		"register.not_host":    say("«{value}» no es el nombre de un equipo", "“{value}” is no machine's name"),
		"register.not_day":     say("«{value}» no es una fecha: escriba 22/11/2026", "“{value}” is no date: write 22/11/2026"),
		"register.not_moment":  say("«{value}» no es una fecha con hora: escriba 22/11/2026 13:05", "“{value}” is no date with a time: write 22/11/2026 13:05"),
		"register.not_choice":  say("«{value}» no está en la lista", "“{value}” is not in the list"),
		"register.not_choices": say("algo de «{value}» no está en la lista", "something of “{value}” is not in the list"),
		"register.not_flag":    say("«{value}» no es sí ni no", "“{value}” is neither yes nor no"),
		"register.not_number":  say("«{value}» no es un número: escriba solo cifras", "“{value}” is no number: write digits only"),
		"register.not_folio":   say("«{value}» no es un folio", "“{value}” is no folio"),
		"register.not_paper":   say("«{value}» no es la huella de un documento: adjunte el archivo", "“{value}” is no document's hash: attach the file"),

		"sheet.size":        say("el archivo pasa de {most} MB", "the file is larger than {most} MB"),
		"sheet.quotes":      say("las comillas no cierran: lo que sigue no se puede leer", "the quotes do not close: what follows cannot be read"),
		"sheet.workbook":    say("el libro de cálculo no se puede leer: guárdelo otra vez como XLSX o como CSV", "the workbook cannot be read: save it again as XLSX or as CSV"),
		"sheet.columns":     say("hay más de {most} columnas", "there are more than {most} columns"),
		"sheet.rows":        say("hay más de {most} filas: parta el archivo", "there are more than {most} rows: split the file"),
		"sheet.empty":       say("el archivo no tiene filas", "the file has no rows"),
		"sheet.header":      say("ninguna columna se llama como un campo del libro: use los encabezados de la exportación", "no column is named as a field of the book: use the headings of the export"),
		"sheet.column":      say("la columna «{column}» no es del libro", "the column “{column}” is not the book's"),
		"sheet.column_two":  say("la columna «{column}» está dos veces", "the column “{column}” is there twice"),
		"sheet.needs":       say("falta la columna «{column}»", "the column “{column}” is missing"),
		"sheet.cells":       say("tiene {n} celdas y el encabezado {want}", "has {n} cells, the heading {want}"),
		"sheet.no_row":      say("el libro no tiene el folio {folio}", "the book has no folio {folio}"),
		"sheet.same":        say("es la misma fila que la línea {line}", "is the same row as line {line}"),
		"sheet.append_only": say("las filas de este libro no se cambian: quite el folio {folio} y anótela como corrección", "rows of this book are not changed: take the folio {folio} away and enter it as a correction"),
	}
}
