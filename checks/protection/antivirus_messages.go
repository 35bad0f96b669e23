package protection

import (
	"vigia/checks"
	"vigia/checks/host"
	"vigia/checks/message"
)

func antivirusCovers() map[host.OS]checks.Coverage {
	return map[host.OS]checks.Coverage{
		host.Windows: {
			Sources: []string{
				"WMI " + namespaceCenter + ":" + classAntivirus + " (productState, pathToSignedReportingExe)",
				"WMI " + namespaceDefender + ":" + classStatus,
				"WMI " + namespaceDefender + ":" + classPreference + " (Exclusion*)",
				"WMI " + namespaceDefender + ":" + classThreat + " (IsActive)",
				"EnumServicesStatusEx",
				keyDefender + `\Signature Updates`, keyDefender + `\Exclusions`, keyDefenderPolicy,
				keyDefenderDevice + " (Excluded*)", keyDefenderMDM + " (Excluded*)",
				`HKLM\SOFTWARE\Symantec\Symantec Endpoint Protection\CurrentVersion\public-opstate`,
				`HKLM\SOFTWARE\KasperskyLab\Components\34\1103\1.0.0.0\Statistics\AVState`,
			},
			Missing: say(
				"de un antivirus que no es Microsoft Defender se cree lo que él mismo dice al Centro de seguridad: no se ven la fecha de sus firmas, sus exclusiones ni su último análisis; en servidores, donde no hay Centro de seguridad, la fecha de firmas solo se lee de Symantec y Kaspersky y con los demás el resultado es desconocido",
				"of an antivirus other than Microsoft Defender, what it tells the Security Center is believed: the date of its signatures, its exclusions and its last scan are not seen; on servers, which have no Security Center, the date of signatures is only read of Symantec and Kaspersky, and with others the result is unknown"),
			ByHand: say(
				"Inicio > Seguridad de Windows > Protección contra virus y amenazas: proveedor, «Actualizaciones de protección» y «Exclusiones»; en un servidor, PowerShell como administrador: Get-MpComputerStatus y Get-MpPreference | Select Exclusion*",
				"Start > Windows Security > Virus & threat protection: provider, \"Protection updates\" and \"Exclusions\"; on a server, PowerShell as administrator: Get-MpComputerStatus and Get-MpPreference | Select Exclusion*"),
		},
		host.Linux: {
			Sources: []string{"/proc/PID/status, /proc/PID/exe", "/etc/clamav/clamd.conf, /etc/clamd.d/scan.conf, /etc/freshclam.conf (DatabaseDirectory)",
				"/var/lib/clamav/daily.cvd, daily.cld"},
			Missing: say(
				"el último análisis de ClamAV y sus exclusiones; de los productos comerciales solo se ve que su programa está en marcha, no la fecha de sus firmas",
				"the last scan of ClamAV and its exclusions; of commercial products only that their program runs is seen, not the date of their signatures"),
			ByHand: say(
				"en una terminal: systemctl status clamav-daemon clamav-clamonacc clamav-freshclam; sigtool --info /var/lib/clamav/daily.cvd (o daily.cld)",
				"in a terminal: systemctl status clamav-daemon clamav-clamonacc clamav-freshclam; sigtool --info /var/lib/clamav/daily.cvd (or daily.cld)"),
		},
	}
}

// antivirusMessages says the reasons of protection.antivirus.
func antivirusMessages() message.Catalogue {
	install := say(
		"active Microsoft Defender en Seguridad de Windows > Protección contra virus y amenazas, o instale el antivirus del municipio; en Linux, instale clamav-daemon y clamav-freshclam",
		"switch Microsoft Defender on in Windows Security > Virus & threat protection, or install the municipality's antivirus; on Linux, install clamav-daemon and clamav-freshclam")
	start := say(
		"abra el programa del antivirus y vuelva a activar la protección; si lo apagó otro programa o no arranca, analice el equipo con otro antivirus y avise al responsable de seguridad",
		"open the antivirus program and switch the protection on again; if another program switched it off or it does not start, scan the machine with another antivirus and tell the security officer")
	update := say(
		"en Windows: Seguridad de Windows > Protección contra virus y amenazas > Buscar actualizaciones; en Linux: compruebe que clamav-freshclam está en marcha; si no descarga, revise proxy y cortafuegos",
		"on Windows: Windows Security > Virus & threat protection > Check for updates; on Linux: see that clamav-freshclam runs; if it does not download, look at proxy and firewall")
	exclude := say(
		"quite la exclusión en Seguridad de Windows > Protección contra virus y amenazas > Administrar la configuración > Exclusiones (o en la directiva de grupo que la pone) y excluya solo la carpeta del programa que la necesita",
		"remove the exclusion in Windows Security > Virus & threat protection > Manage settings > Exclusions (or in the group policy that sets it) and exclude only the folder of the program that needs it")
	byHand := say(
		"abra el programa del antivirus, compruebe la fecha de sus firmas y anótela en la revisión",
		"open the antivirus program, look at the date of its signatures and note it in the review")
	look := say(
		"ejecute el agente como servicio del sistema; si persiste, compruebe el antivirus a mano",
		"run the agent as a system service; if it persists, check the antivirus by hand")
	return message.Catalogue{
		"antivirus.watches": {Say: say("el antivirus vigila en tiempo real y sus firmas son recientes", "the antivirus watches in real time and its signatures are recent")},
		"antivirus.on":      {Say: say("{product} está activo y al día", "{product} is on and current")},
		"antivirus.none":    {Say: say("no hay ningún antivirus en marcha", "no antivirus is running"), Do: install},
		"antivirus.none_linux": {Say: say("no hay ningún antivirus en marcha en este Linux", "no antivirus is running on this Linux"),
			Do: say("instale clamav-daemon y clamav-freshclam, o anote en la revisión por qué el análisis de riesgos lo hace innecesario", "install clamav-daemon and clamav-freshclam, or note in the review why the risk analysis makes it needless")},
		"antivirus.none_on": {Say: say("hay {bad} antivirus instalados y ninguno está activo", "{bad} antiviruses are installed and none is on"), Do: start},
		"antivirus.off":     {Say: say("{product} está instalado y apagado", "{product} is installed and off"), Do: start},
		"antivirus.gone": {Say: say("{product} sigue inscrito como activo en el Centro de seguridad y su programa ya no está: no protege", "{product} is still registered as on with the Security Center and its program is not there any more: it does not protect"),
			Do: say("termine de desinstalarlo con la herramienta de limpieza de su fabricante y active Microsoft Defender u otro antivirus", "finish its removal with its maker's clean-up tool and turn on Microsoft Defender or another antivirus")},
		"antivirus.unknown": {Say: say("{product} está instalado y no se pudo saber si está en marcha", "{product} is installed and whether it runs could not be known"), Do: look},
		"antivirus.threat": {Say: say("el antivirus encontró {threat} y sigue en el equipo", "the antivirus found {threat} and it is still on the machine"),
			Do: say("desconecte el equipo de la red, abra Seguridad de Windows > Historial de protección, elimine la amenaza y avise al responsable de seguridad", "take the machine off the network, open Windows Security > Protection history, remove the threat and tell the security officer")},
		"antivirus.passive":      {Say: say("{product} está en modo pasivo y ningún otro antivirus vigila", "{product} is in passive mode and no other antivirus watches"), Do: start},
		"antivirus.snoozed":      {Say: say("{product} está en pausa", "{product} is snoozed"), Do: start},
		"antivirus.expired":      {Say: say("la licencia de {product} ha caducado y ya no protege", "the licence of {product} has expired and it protects no more"), Do: say("renueve la licencia o desinstálelo: Windows volverá a activar Microsoft Defender", "renew the licence or uninstall it: Windows will switch Microsoft Defender on again")},
		"antivirus.not_watching": {Say: say("la protección en tiempo real de {product} está apagada", "the real-time protection of {product} is off"), Do: start},
		"antivirus.on_demand_only": {Say: say("{product} solo analiza cuando se le pide: nada vigila los archivos que se abren", "{product} only scans when asked: nothing watches the files that are opened"),
			Do: say("si alguien trabaja o guarda archivos de otros en este equipo, active clamav-clamonacc (OnAccessIncludePath en clamd.conf)", "if somebody works or keeps files of others on this machine, enable clamav-clamonacc (OnAccessIncludePath in clamd.conf)")},
		"antivirus.signatures_old":           {Say: say("las firmas de {product} son del {day} y no deben tener más de {limit} días", "the signatures of {product} are of {day} and must not be older than {limit} days"), Do: update},
		"antivirus.signatures_old_by_itself": {Say: say("{product} dice que sus firmas están anticuadas", "{product} says that its signatures are out of date"), Do: update},
		"antivirus.signatures_missing":       {Say: say("{product} no tiene firmas", "{product} has no signatures"), Do: update},
		"antivirus.signatures_future": {Say: say("las firmas de {product} llevan fecha futura ({day}): el reloj del equipo no es de fiar", "the signatures of {product} bear a date to come ({day}): the machine's clock cannot be trusted"),
			Do: say("ponga el reloj en hora y actívele la sincronización", "set the clock and enable its synchronisation")},
		"antivirus.signatures_unknown": {Say: say("{product} está en marcha y no se puede leer la fecha de sus firmas", "{product} runs and the date of its signatures cannot be read"), Do: byHand},
		"antivirus.scan_old": {Say: say("el último análisis de {product} es de: {scanned} (máximo {limit} días)", "the last scan of {product} is of: {scanned} (limit {limit} days)"),
			Do: say("lance un análisis rápido y compruebe que el análisis programado no está desactivado", "start a quick scan and see that the scheduled scan is not disabled")},
		"scanned.never":                {Say: say("nunca", "never")},
		"antivirus.exclusion_drive":    {Say: say("el antivirus no mira una unidad entera: {what}", "the antivirus does not look at a whole drive: {what}"), Do: exclude},
		"antivirus.exclusion_programs": {Say: say("el antivirus no mira ningún programa de esta clase: {what} ({excluded})", "the antivirus does not look at any program of this kind: {what} ({excluded})"), Do: exclude},
		"antivirus.exclusion_wide":     {Say: say("el antivirus no mira un lugar o programa de los que usan los ataques: {what} ({excluded})", "the antivirus does not look at a place or program that attacks use: {what} ({excluded})"), Do: exclude},
		"excluded.path":                {Say: say("ruta", "path")},
		"excluded.extension":           {Say: say("extensión", "extension")},
		"excluded.process":             {Say: say("proceso", "process")},
		"antivirus.unread":             {Say: say("no se pudo leer {source} ({why})", "{source} could not be read ({why})"), Do: look},
		"source.EnumServicesStatus":    {Say: say("la lista de servicios de Windows", "the list of Windows services")},
		"antivirus.several":            {Say: say("{bad} defectos en la protección contra virus", "{bad} faults in the protection against viruses"), Do: say("corrija cada uno de los indicados", "correct each of those named")},
		"antivirus.several_warn":       {Say: say("{bad} avisos sobre el antivirus", "{bad} warnings about the antivirus"), Do: say("revise cada uno de los indicados", "look at each of those named")},
		"antivirus.several_unknown":    {Say: say("{bad} datos del antivirus no se pudieron leer", "{bad} facts of the antivirus could not be read"), Do: look},
	}
}
