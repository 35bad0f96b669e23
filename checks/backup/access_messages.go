package backup

import "vigia/checks/message"

func accessMessages() message.Catalogue {
	say := func(es, en string) message.Text { return message.Text{ES: es, EN: en} }
	modes := say(
		"deje la carpeta solo para quien hace las copias: en Linux «chown root» y «chmod 700»; en Windows, Propiedades > Seguridad > Opciones avanzadas, quite la herencia y deje SYSTEM, Administradores y Operadores de copia",
		"leave the folder to whoever makes the copies: on Linux chown root and chmod 700; on Windows, Properties > Security > Advanced, disable inheritance and keep SYSTEM, Administrators and Backup Operators")
	apart := say(
		"guarde además otra copia en un disco distinto, mejor desconectado o en otro edificio",
		"keep another copy on a different disk, better unplugged or in another building")
	rights := say(
		"ejecute el agente como servicio del sistema; si la carpeta es de otro equipo, instale el agente en él",
		"run the agent as a system service; if the folder is on another machine, install the agent there")
	return message.Catalogue{
		"backup.no_datasets": {
			Say: say("la política no asigna a este equipo ningún conjunto de datos que copiar", "the policy gives this machine no dataset to copy"),
			Do:  say("si aquí hay datos que proteger, añádalos a «datasets» en la política", "if there are data to protect here, add them to \"datasets\" in the policy"),
		},
		"backup.not_looked_at": {
			Say: say("este conjunto de datos aún no se ha mirado donde dice la política", "this dataset has not been looked at yet where the policy says"),
			Do:  say("espere a la próxima medición", "wait for the next measurement"),
		},
		"backup.all_out_of_reach": {Say: say("las copias de los {datasets} conjuntos de datos están fuera del alcance de quien trabaja con ellos", "the copies of all {datasets} datasets are out of reach of those who work with them")},
		"backup.some_open": {
			Say: say("las copias de {open} conjuntos de datos (de {datasets}) están al alcance de cuentas de trabajo diario", "the copies of {open} datasets (of {datasets}) are within reach of accounts of daily work"),
			Do:  modes,
		},
		"backup.some_access_unknown": {
			Say: say("no se pudo saber quién alcanza las copias de algún conjunto de datos (de {datasets})", "who reaches the copies of some dataset (of {datasets}) could not be known"),
			Do:  say("vea el motivo de cada conjunto de datos", "see the reason of each dataset"),
		},
		"backup.some_together": {
			Say: say("nadie más alcanza las copias de los {datasets} conjuntos de datos, pero alguna está junto a sus datos", "nobody else reaches the copies of the {datasets} datasets, but some are beside their data"),
			Do:  apart,
		},
		"backup.out_of_reach":    {Say: say("solo la administración alcanza {folder}", "only administrators reach {folder}")},
		"backup.writable_by_all": {Say: say("cualquier cuenta puede cambiar o borrar las copias de {folder}", "any account can change or remove the copies in {folder}"), Do: modes},
		"backup.writable":        {Say: say("pueden cambiar o borrar las copias de {folder}: {who}", "these can change or remove the copies in {folder}: {who}"), Do: modes},
		"backup.readable_by_all": {Say: say("cualquier cuenta puede leer las copias de {folder}", "any account can read the copies in {folder}"), Do: modes},
		"backup.readable":        {Say: say("pueden leer las copias de {folder}: {who}", "these can read the copies in {folder}: {who}"), Do: modes},
		"backup.mapped": {
			Say: say("tienen las copias de {folder} como unidad de red: {who}", "these have the copies in {folder} as a network drive: {who}"),
			Do:  say("desconecte esa unidad en su sesión (Este equipo > botón derecho > Desconectar) y quite el permiso en el recurso", "disconnect that drive in their session (This PC > right click > Disconnect) and remove the permission on the share"),
		},
		"backup.unresolved": {
			Say: say("tienen permiso sobre {folder} y no se sabe quiénes son: {who}", "these have rights on {folder} and it is not known who they are: {who}"),
			Do:  say("mire en el dominio quién está en ese grupo; para copias use solo Administradores y Operadores de copia", "look up in the domain who is in that group; for copies use Administrators and Backup Operators only"),
		},
		"backup.access_unread": {Say: say("no se pudieron leer los permisos de {what} ({why})", "the permissions of {what} could not be read ({why})"), Do: rights},
		"backup.same_volume":   {Say: say("las copias ({folder}) están en la misma unidad que los datos ({source}): un fallo o un robo se lleva ambos", "the copies ({folder}) are on the same volume as the data ({source}): a fault or a theft takes both"), Do: apart},
		"backup.same_disk":     {Say: say("las copias ({folder}) están en el mismo disco que los datos ({source}): un fallo o un robo se lleva ambos", "the copies ({folder}) are on the same disk as the data ({source}): a fault or a theft takes both"), Do: apart},
	}
}
