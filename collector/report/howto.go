package report

import (
	"fmt"
	"strings"
)

// howTo is COMO-VERIFICAR.txt.
func howTo(d Document, key string) string {
	text := `CÓMO VERIFICAR ESTE PAQUETE
Revisión {period} de {organisation}

No hace falta confiar en quien lo entrega ni en el colector que lo hizo.

1. Que ningún archivo ha cambiado desde que se hizo el paquete
   Linux:    sha256sum -c SHA256SUMS
   Windows:  certutil -hashfile ARCHIVO SHA256
             y comparar con la línea de ese archivo en SHA256SUMS

2. Todo lo demás, con el programa vigia (Linux o Windows, sin instalar nada
   ni conectarse a ninguna red):
             vigia verify revision-{period}.zip

   El programa comprueba, paso a paso:
   - que el paquete tiene los archivos de su manifiesto y ninguno más;
   - que la firma y el punto de control son de la clave del registro;
   - que cada prueba (hoja) está en el registro y no se ha tocado: si una se
     alteró, dice cuál es la primera;
   - que cada informe lo firmó el equipo que dice, con su propia clave;
   - que cada estado es el que resulta de volver a juzgar los hechos con las
     reglas que el equipo tenía;
   - que los totales, las tablas y el PDF salen de esos mismos estados.

3. Que el registro es el verdadero, y no otro hecho después
   La huella de la clave del registro es:   {key}
   Compárela con la que se anotó en papel al instalar el colector, o con la de
   revisiones anteriores. Cada equipo guarda además los puntos de control que
   recibe (archivo «checkpoints» de la carpeta de datos del agente):
             vigia verify revision-{period}.zip --checkpoint ARCHIVO

LO QUE ESTO NO PRUEBA
   - Que un equipo midiera bien: prueba qué dijo cada equipo y que nadie lo
     cambió después.
   - Lo que no se midió: los equipos en silencio, excluidos o sin agente están
     en datos/cobertura.csv, y los controles sin medición en datos/controles.csv.
   - La antigüedad de los hallazgos («desde»), que resulta de informes
     anteriores que no van todos en este paquete. Con el colector se puede
     pedir el registro entero.

ARCHIVOS
   revision-{period}.pdf           la revisión, para leer, imprimir y firmar
   datos/revision.json            los mismos números, para programas
   datos/*.csv                    las tablas, para una hoja de cálculo
   evidencia/hojas.jsonl          las pruebas: una por línea, con su demostración
   evidencia/arbol.txt            el resumen de cada hoja del registro
   evidencia/punto-de-control.txt el estado del registro, firmado
   evidencia/clave-del-registro.txt  la clave pública que verifica lo anterior
   manifiesto.json, SHA256SUMS, SHA256SUMS.firma
`
	organisation := d.Organisation
	if organisation == "" {
		organisation = "la organización"
	}
	text = strings.NewReplacer("{period}", d.Period, "{organisation}", organisation, "{key}", key).Replace(text)
	if len(d.Warnings) > 0 {
		text += fmt.Sprintf("\nATENCIÓN: al hacer el paquete, el registro mostraba alteraciones:\n   - %s\n", strings.Join(d.Warnings, "\n   - "))
	}
	return text
}
