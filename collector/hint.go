package collector

import (
	"errors"
	"fmt"
	"io/fs"

	"vigia/collector/access"
	"vigia/collector/assign"
	"vigia/collector/enroll"
	"vigia/collector/report"
	"vigia/collector/reviews"
	"vigia/collector/storage"
	"vigia/collector/storage/backup"
)

// hint adds to an operator's error what to do about it, where there is
// something to say that the error does not.
func hint(err error) string {
	for _, h := range []struct {
		is error
		do string
	}{
		{storage.ErrFull, "libere espacio en el disco de la carpeta de datos y repita; lo ya confirmado está a salvo"},
		{storage.ErrBroken, "revise el disco y arranque de nuevo; lo ya confirmado está a salvo"},
		{storage.ErrBusy, "otro proceso está escribiendo; repita dentro de un momento"},
		{storage.ErrNotDurable, "corrija la configuración de la base de datos: así se perderían datos confirmados al irse la luz"},
		{storage.ErrNewer, "instale la versión de vigia que creó estos datos, o una posterior"},
		{access.ErrExists, "elija otro nombre, o cambie su contraseña con «vigia user password»"},
		{access.ErrInput, "los roles son officer, director, administrator y auditor; el nombre, letras, cifras y guiones; la contraseña, doce caracteres o más"},
		{access.ErrNoUser, "vea las cuentas con «vigia user list»"},
		{enroll.ErrNoRequest, "vea quién espera con «vigia agents requests»; el código de comprobación lo muestra el equipo"},
		{enroll.ErrDecided, "vea qué se decidió con «vigia agents requests --all»"},
		{enroll.ErrNoMachine, "vea los ID con «vigia agents list»"},
		{report.ErrPackage, "compruebe que es el archivo que hizo «vigia review export»"},
		{backup.ErrPassphrase, "escriba la frase de paso con la que se hizo la copia"},
		{backup.ErrDamaged, "use otra copia; esta no se restaura a medias"},
		{backup.ErrFolder, "indique una carpeta nueva con --data, o --force para apartar la que hay"},
		{assign.ErrNoPackKeys, "ponga en vigia.yaml, en pack_keys, la clave pública de quien publica el paquete, comprobada por teléfono o en persona"},
		{assign.ErrPackUnsigned, "pida a quien lo publica el archivo .sig que va con él, y déjelo en la misma carpeta"},
		{assign.ErrPackSigner, "si se fía de quien lo firmó, compruebe su clave por otra vía y añádala a pack_keys en vigia.yaml"},
		{assign.ErrPackSignature, "descargue de nuevo los dos archivos; si sigue igual, alguien lo cambió: no lo use y avise a quien lo publica"},
		{assign.ErrPackOlder, "un paquete no vuelve atrás: publíquelo de nuevo con un número de versión mayor"},
		{assign.ErrPackOther, "quien lo publica cambió el contenido sin cambiar la versión: pídale una versión mayor"},
		{reviews.ErrFuture, "elija un trimestre que haya empezado"},
		{reviews.ErrPeriod, "escriba el año, Q y el número del trimestre, como 2026Q4"},
		{fs.ErrNotExist, "compruebe el nombre y la carpeta del archivo"},
		{fs.ErrPermission, "ejecute la orden como administrador (con sudo) o con la cuenta del colector"},
	} {
		if errors.Is(err, h.is) {
			return fmt.Sprintf("%v\n  → %s", err, h.do)
		}
	}
	return err.Error()
}
