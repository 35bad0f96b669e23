package protection

import (
	"vigia/checks"
	"vigia/checks/host"
	"vigia/checks/message"
)

func patchesCovers() map[host.OS]checks.Coverage {
	return map[host.OS]checks.Coverage{
		host.Windows: {
			Sources: []string{
				keyVersion + " (CurrentBuildNumber, UBR, EditionID, InstallationType)",
				keyPackages + " (Package_for_RollupFix: CurrentState, InstallTime)", `%SystemRoot%\servicing\Packages\Package_for_RollupFix*.mum (creationTimeStamp)`,
				keyServicing + `\RebootPending`, keyUpdate + `\RebootRequired`,
				keyUpdateGPO + `\AU`, keyUpdateUX, keyServices + serviceUpdate,
			},
			Missing: say(
				"no se busca qué fallo corrige cada actualización ni se pregunta a Microsoft qué falta: se cuenta desde el segundo martes de mes cuyas correcciones no constan, por la revisión de la compilación (hitos conocidos el 2026-11-22) y por la fecha en que Microsoft hizo la actualización instalada; si no bastan, «desconocido»; la licencia de las actualizaciones extendidas (ESU) no se lee: cuenta que haya instalada alguna posterior al fin de soporte; no se miran Office, navegadores ni controladores; las fechas de fin de soporte son las conocidas el 2026-11-22 y una compilación posterior da «desconocido» hasta que la política la añada",
				"which fault each update mends is not looked up, nor is Microsoft asked what is missing: the days count from the second Tuesday of a month whose fixes are not proven, by the revision of the build (marks known on 2026-11-22) and by the day on which Microsoft made the installed update; where these do not suffice it is unknown; the licence of extended updates (ESU) is not read: that one from after the end of support is installed counts; Office, browsers and drivers are not looked at; the ends of support are those known on 2026-11-22, and a later build is unknown until the policy adds it"),
			ByHand: say(
				"Win+R, winver (versión y compilación) y búsquela en el historial de actualizaciones de Windows de Microsoft, que da su fecha; o como administrador «dism /online /get-packages» y, con el nombre de Package_for_RollupFix, «dism /online /get-packageinfo /packagename:...» (hora de creación); compare con la página de ciclo de vida de Microsoft",
				"Win+R, winver (version and build), and look it up in Microsoft's Windows update history, which gives its day; or as administrator \"dism /online /get-packages\" and, with the name of Package_for_RollupFix, \"dism /online /get-packageinfo /packagename:...\" (creation time); compare with Microsoft's lifecycle page"),
		},
		host.Linux: {
			Sources: []string{"/etc/os-release", fileDpkgStatus, folderLists + "/*-security_* (Packages, InRelease)", "/var/log/dpkg.log", folderRepos + "/*.repo", "/etc/dnf/vars/releasever", folderModules, folderDNF + "/*/repodata/*updateinfo.xml.gz", "/var/lib/rpm/rpmdb.sqlite", "/run/reboot-required", "/boot/vmlinuz-*, uname(2)"},
			Missing: say(
				"con dnf se usan los avisos de seguridad de su caché (updateinfo en gzip): sin ellos no se sabe qué falta; tampoco con zypper; no se miran snap, flatpak, pip ni lo compilado a mano; las listas de apt no dicen desde cuándo espera una actualización ni su gravedad: se cuenta desde que el agente la vio faltar por primera vez y, antes de eso, desde la última actualización de seguridad instalada",
				"with dnf the security notices of its cache are used (updateinfo under gzip): without them it is not known what is missing, nor with zypper; snap, flatpak, pip and what was compiled by hand are not looked at; the lists of apt do not tell since when an update waits nor how grave it is: the days count from when the agent first saw it missing and, before that, from the last security update that was installed"),
			ByHand: say(
				"como root: «apt update», después «apt list --upgradable» (las de «-security») y «ls -l /run/reboot-required»; en Rocky, «dnf updateinfo list --security» y «needs-restarting -r»",
				"as root: \"apt update\", then \"apt list --upgradable\" (those of \"-security\") and \"ls -l /run/reboot-required\"; on Rocky, \"dnf updateinfo list --security\" and \"needs-restarting -r\""),
		},
	}
}

// patchesMessages says the reasons of protection.patches.
func patchesMessages() message.Catalogue {
	update := say(
		"Configuración > Windows Update > Buscar actualizaciones, instálelas y reinicie; si no llegan, revise el servidor de actualizaciones (WSUS) o la directiva",
		"Settings > Windows Update > Check for updates, install them and restart; if none come, look at the update server (WSUS) or the policy")
	upgrade := say(
		"como root: «apt update && apt upgrade»; para que no se repita, «apt install unattended-upgrades»",
		"as root: \"apt update && apt upgrade\"; so that it does not happen again, \"apt install unattended-upgrades\"")
	refresh := say(
		"como root: «apt update» o «dnf makecache»; si falla, revise la red, el proxy y los orígenes configurados",
		"as root: \"apt update\" or \"dnf makecache\"; if it fails, look at the network, the proxy and the sources configured")
	restart := say("reinicie el equipo fuera del horario de trabajo", "restart the machine out of working hours")
	migrate := say(
		"planifique ya el paso a una versión con soporte (Windows: Configuración > Windows Update; Debian/Ubuntu: nueva versión con copia previa) o retire el equipo de la red",
		"plan the move to a supported version now (Windows: Settings > Windows Update; Debian/Ubuntu: a new release, with a backup before) or take the machine off the network")
	look := say(
		"ejecute el agente como servicio del sistema; si persiste, revise los permisos de lo indicado",
		"run the agent as a system service; if it persists, look at the permissions of what is named")
	each := say("corrija cada punto indicado", "correct each point that is named")
	return message.Catalogue{
		"patches.current":         {Say: say("el sistema tiene soporte y las actualizaciones de seguridad están al día", "the system is supported and its security updates are current")},
		"patches.several":         {Say: say("{bad} fallos en las actualizaciones", "{bad} faults of the updates"), Do: each},
		"patches.several_warn":    {Say: say("{bad} avisos sobre las actualizaciones", "{bad} warnings about the updates"), Do: each},
		"patches.several_unknown": {Say: say("{bad} puntos de las actualizaciones no se pudieron medir", "{bad} points of the updates could not be measured"), Do: look},
		"patches.unread":          {Say: say("no se pudo leer {source} ({why})", "{source} could not be read ({why})"), Do: look},

		"patches.supported":    {Say: say("{system} recibe correcciones hasta el {day}", "{system} gets fixes until {day}")},
		"patches.support_ends": {Say: say("{system} deja de recibir correcciones el {day}", "{system} stops getting fixes on {day}"), Do: migrate},
		"patches.unsupported":  {Say: say("{system} está sin soporte desde el {day}: no recibe correcciones de seguridad", "{system} is out of support since {day}: it gets no security fixes"), Do: migrate},
		"patches.extended": {Say: say("{system} está fuera de soporte y recibe actualizaciones extendidas, como mucho hasta el {day}", "{system} is out of support and gets extended updates, until {day} at the latest"),
			Do: migrate},
		"patches.support_unknown": {Say: say("no se sabe hasta cuándo recibe correcciones {system}", "it is not known until when {system} gets fixes"),
			Do: say("consulte la página de ciclo de vida del fabricante y añada la fecha a la política (support)", "look at the maker's lifecycle page and add the date to the policy (support)")},
		"patches.system_unknown": {Say: say("el sistema no dice qué versión es", "the system does not say which version it is"), Do: say("compruebe la versión a mano y anótela en la revisión", "see the version by hand and note it in the review")},

		"patches.updated": {Say: say("tiene las correcciones publicadas hasta el {through}", "it has the fixes published until {through}")},
		"patches.overdue": {Say: say("faltan las correcciones publicadas el {due} (máximo {limit} días); las tiene hasta: {through}", "the fixes published on {due} are missing (limit {limit} days); it has those until: {through}"), Do: update},
		"patches.release_unknown": {Say: say("no se sabe de cuándo es la actualización instalada ({build}): la fecha en que se instaló no lo dice", "it is not known of when the installed update is ({build}): the day of its installation does not tell"),
			Do: say("busque la compilación en el historial de actualizaciones de Windows de Microsoft y añada su fecha a la política (releases)", "look the build up in Microsoft's Windows update history and add its day to the policy (releases)")},
		"patches.release_unsure": {Say: say("no se sabe si la actualización instalada ({build}) trae las correcciones del {due}; las tiene hasta el {through}", "it is not known whether the installed update ({build}) brings the fixes of {due}; it has those until {through}"),
			Do: say("busque la compilación en el historial de actualizaciones de Windows de Microsoft y añada su fecha a la política (releases); si es anterior, instale las actualizaciones", "look the build up in Microsoft's Windows update history and add its day to the policy (releases); if it is older, install the updates")},
		"through.unknown":         {Say: say("no se sabe", "not known")},
		"patches.no_update_known": {Say: say("no consta ninguna actualización acumulativa", "no cumulative update is on record"), Do: update},
		"patches.future":          {Say: say("la última actualización dice ser del {updated}, que aún no ha llegado", "the last update claims to be of {updated}, which is yet to come"), Do: say("compruebe la fecha del equipo", "see whether the machine's date is right")},
		"patches.no_auto_update": {Say: say("una directiva desactiva las actualizaciones automáticas", "a policy switches automatic updates off"),
			Do: say("quite NoAutoUpdate de la directiva «Configurar actualizaciones automáticas» o anote quién instala las actualizaciones y cuándo", "take NoAutoUpdate out of the policy \"Configure Automatic Updates\" or note who installs updates, and when")},
		"patches.service_disabled": {Say: say("el servicio Windows Update está deshabilitado", "the service Windows Update is disabled"), Do: say("services.msc: ponga «Windows Update» en inicio manual", "services.msc: set \"Windows Update\" to start manually")},
		"patches.paused":           {Say: say("las actualizaciones están en pausa hasta el {day}", "updates are paused until {day}"), Do: say("Configuración > Windows Update > Reanudar actualizaciones", "Settings > Windows Update > Resume updates")},

		"patches.none_pending":       {Say: say("no falta ninguna actualización de seguridad de las publicadas el {day}", "no security update of those published on {day} is missing")},
		"patches.pending":            {Say: say("faltan {packages} actualizaciones de seguridad ({names}); última instalada: {day}", "{packages} security updates are missing ({names}); last one installed: {day}"), Do: upgrade},
		"patches.pending_undated":    {Say: say("faltan {packages} actualizaciones de seguridad ({names}) y no se sabe desde cuándo; última instalada: {day}", "{packages} security updates are missing ({names}), and it is not known since when; last one installed: {day}"), Do: upgrade},
		"day.unknown":                {Say: say("no consta", "not on record")},
		"patches.held":               {Say: say("hay paquetes retenidos con correcciones pendientes: {names}", "packages on hold have fixes pending: {names}"), Do: say("libérelos con «apt-mark unhold» o anote por qué se retienen", "release them with \"apt-mark unhold\" or note why they are held")},
		"patches.no_security_source": {Say: say("apt no tiene configurado ningún origen de actualizaciones de seguridad", "apt has no source of security updates configured"), Do: say("añada la línea «-security» a /etc/apt/sources.list y ejecute «apt update»", "add the \"-security\" line to /etc/apt/sources.list and run \"apt update\"")},
		"patches.no_lists":           {Say: say("apt no tiene listas de paquetes: no se sabe qué falta", "apt has no lists of packages: it is not known what is missing"), Do: refresh},
		"patches.lists_old":          {Say: say("las listas de actualizaciones son del {day} (máximo {limit} días): no se sabe qué falta", "the lists of updates are of {day} (limit {limit} days): it is not known what is missing"), Do: refresh},
		"patches.lists_stale": {Say: say("nadie pide actualizaciones desde el {day} (máximo {limit} días)", "nobody has asked for updates since {day} (limit {limit} days)"),
			Do: say("actualice ahora («apt update && apt upgrade» o «dnf upgrade --security») y active la actualización automática (unattended-upgrades o dnf-automatic); compruebe que los orígenes siguen vivos", "update now (\"apt update && apt upgrade\" or \"dnf upgrade --security\") and turn on automatic updates (unattended-upgrades or dnf-automatic); see that the sources are still alive")},
		"patches.source_archive": {Say: say("el origen {repository} es un archivo de versiones antiguas: no recibe correcciones", "the source {repository} is an archive of old releases: it gets no fixes"),
			Do: say("en /etc/yum.repos.d deje el mirrorlist original con $releasever, borre /etc/dnf/vars/releasever si existe y ejecute «dnf upgrade»", "in /etc/yum.repos.d keep the original mirrorlist with $releasever, delete /etc/dnf/vars/releasever if it is there and run \"dnf upgrade\"")},
		"patches.source_frozen": {Say: say("el aviso más reciente del origen {repository} es del {day}: puede ser una copia que ya no se actualiza", "the newest notice of the source {repository} is of {day}: it may be a copy that is not kept up any more"),
			Do: say("compare con el sitio de la distribución; si el espejo está parado, cambie de espejo en /etc/yum.repos.d y ejecute «dnf makecache»", "compare with the distribution's site; if the mirror stands still, use another in /etc/yum.repos.d and run \"dnf makecache\"")},
		"patches.no_notices_of": {Say: say("la caché de dnf no tiene avisos de seguridad del origen {repository}: no se sabe qué falta de él", "dnf's cache has no security notices of the source {repository}: it is not known what is missing of it"), Do: refresh},
		"patches.no_part": {Say: say("ningún origen activo trae las actualizaciones de seguridad de la parte «{part}» de la distribución: no se sabe qué falta de ella", "no source in use brings the security updates of the part \"{part}\" of the distribution: it is not known what is missing of it"),
			Do: say("active BaseOS y AppStream («dnf repolist») o, con apt, ponga en la línea «-security» las mismas secciones que en las demás (main universe...)", "enable BaseOS and AppStream (\"dnf repolist\") or, with apt, give the \"-security\" line the same sections as the others have (main universe...)")},
		"patches.lists_undated": {Say: say("las listas de actualizaciones no tienen una fecha creíble", "the lists of updates have no credible date"), Do: refresh},
		"patches.pending_since": {Say: say("faltan actualizaciones de seguridad de {packages} paquetes ({names}); la más antigua es del {day}", "security updates of {packages} packages are missing ({names}); the oldest is of {day}"),
			Do: say("como root: «dnf upgrade --security»; para que no se repita, «dnf install dnf-automatic» y actívelo", "as root: \"dnf upgrade --security\"; so that it does not happen again, \"dnf install dnf-automatic\" and enable it")},
		"patches.no_notices": {Say: say("dnf no tiene en su caché avisos de seguridad: no se sabe qué falta", "dnf has no security notices in its cache: it is not known what is missing"),
			Do: say("como root: «dnf makecache»; si la distribución no publica avisos (CentOS Stream), revise «dnf check-update» a mano", "as root: \"dnf makecache\"; if the distribution publishes no notices (CentOS Stream), look at \"dnf check-update\" by hand")},

		"patches.restart":         {Say: say("falta reiniciar desde el {since} para completar actualizaciones (máximo {limit} días)", "a restart to complete updates is due since {since} (limit {limit} days)"), Do: restart},
		"patches.restart_overdue": {Say: say("falta reiniciar desde el {since} para completar actualizaciones (máximo {limit} días)", "a restart to complete updates is due since {since} (limit {limit} days)"), Do: restart},
		"patches.restart_undated": {Say: say("falta reiniciar para completar actualizaciones; el equipo está encendido desde el {booted} (máximo {limit} días)", "a restart to complete updates is due; the machine runs since {booted} (limit {limit} days)"), Do: restart},
	}
}
