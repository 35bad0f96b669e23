package personaldata

import (
	"vigia/checks"
	"vigia/checks/host"
	"vigia/checks/message"
)

// covers is what a search sees: the same on both systems, but for where people keep files.
func covers(places map[host.OS][]string, byHand message.Text) map[host.OS]checks.Coverage {
	missing := message.Text{
		ES: "el texto de imágenes y escaneos (se cuentan, no se leen), los ficheros cifrados, los de más de los límites y los de unidades de red; lo que no se lee entero no se da por limpio",
		EN: "the text of pictures and scans (they are counted, not read), encrypted files, those over the limits and those of network drives; what is not read whole is not called clean",
	}
	out := make(map[host.OS]checks.Coverage, len(places))
	for system, sources := range places {
		out[system] = checks.Coverage{Sources: sources, Missing: missing, ByHand: byHand}
	}
	return out
}

// keptFiles is where people keep their files.
func keptFiles() map[host.OS][]string {
	return map[host.OS][]string{
		host.Linux:   {"/home, /root, /srv (o las carpetas que diga la política)"},
		host.Windows: {`C:\Users y las demás unidades fijas (o las carpetas que diga la política)`},
	}
}

func localCovers() map[host.OS]checks.Coverage {
	return covers(keptFiles(), message.Text{
		ES: "vigia-agent scan CARPETA en el equipo, y abrir los ficheros que nombra",
		EN: "vigia-agent scan FOLDER on the machine, and open the files that it names",
	})
}

func specialCovers() map[host.OS]checks.Coverage {
	return covers(keptFiles(), message.Text{
		ES: "vigia-agent scan CARPETA en el equipo: la columna de categorías especiales",
		EN: "vigia-agent scan FOLDER on the machine: the column of special categories",
	})
}

func leftoverCovers() map[host.OS]checks.Coverage {
	return covers(map[host.OS][]string{
		host.Linux:   {"/tmp, /var/tmp", "~/Descargas, ~/Downloads, ~/.cache, ~/.local/share/Trash"},
		host.Windows: {`%TEMP% de cada perfil, C:\Windows\Temp`, `Descargas de cada perfil, C:\$Recycle.Bin`},
	}, message.Text{
		ES: "abrir las carpetas temporales, Descargas y la Papelera de cada cuenta, y mirar lo que tiene más de una semana",
		EN: "open the temporary folders, Downloads and the recycle bin of each account, and look at what is older than a week",
	})
}

func credentialCovers() map[host.OS]checks.Coverage {
	return covers(keptFiles(), message.Text{
		ES: "buscar por nombre contraseñas*, claves*, passwords* en las carpetas de cada persona y abrir lo que aparezca",
		EN: "search for contraseñas*, claves*, passwords* by name in each person's folders and open what comes up",
	})
}
