package inventory

import (
	"vigia/checks"
	"vigia/checks/host"
)

// linuxLists and windowsLists are where programs are listed, for each check that reads
// them.
func linuxLists() []string {
	return []string{
		"/var/lib/dpkg/status", "/var/lib/apt/extended_states", "/var/lib/rpm/rpmdb.sqlite", "/usr/lib/sysimage/rpm/rpmdb.sqlite", "/var/lib/rpm/Packages",
		"/var/lib/dnf/history.sqlite", "/lib/apk/db/installed", "/var/lib/pacman/local", "/var/lib/snapd/snaps", "/snap/*/current/meta/snap.yaml",
		"/var/lib/flatpak/app", "~/.local/share/flatpak/app",
	}
}

func windowsLists() []string {
	return []string{
		`HKLM\SOFTWARE` + uninstall, `HKLM\SOFTWARE\WOW6432Node` + uninstall, `HKU\<SID>\Software` + uninstall,
		storeKey, `HKU\<SID>` + repository, profileList,
	}
}

func stockCovers() map[host.OS]checks.Coverage {
	return map[host.OS]checks.Coverage{
		host.Linux: {
			Sources: append([]string{"/sys/class/dmi/id", "/sys/block", "/proc/mounts", "/proc/cpuinfo", "/proc/meminfo", "network interfaces (netlink)", "/etc/systemd/system"}, linuxLists()...),
			Missing: say(
				"Bases de rpm en ndb (SUSE): se nombran como no leídas. Sin historial de dnf (CentOS 7) todo paquete cuenta como elegido. Módulos de memoria uno a uno; módulos del núcleo; servicios que no son de systemd o que arranca cada usuario. Programas copiados a mano: inventory.unauthorised.",
				"Databases of rpm in ndb (SUSE): named as unread. Without a history of dnf (CentOS 7) every package counts as chosen. Memory modules one by one; modules of the kernel; services that are not of systemd or that each user starts. Programs copied by hand: inventory.unauthorised."),
			ByHand: say(
				"dmidecode -s system-serial-number; lsblk -o NAME,MODEL,SERIAL,SIZE; ip link; systemctl list-unit-files --state=enabled; apt-mark showmanual (o dnf history userinstalled), snap list, flatpak list; compare con la ficha del equipo.",
				"dmidecode -s system-serial-number; lsblk -o NAME,MODEL,SERIAL,SIZE; ip link; systemctl list-unit-files --state=enabled; apt-mark showmanual (or dnf history userinstalled), snap list, flatpak list; compare with the machine's entry."),
		},
		host.Windows: {
			Sources: append([]string{"SMBIOS (GetSystemFirmwareTable)", "IOCTL_STORAGE_QUERY_PROPERTY", "GlobalMemoryStatusEx", "GetAdaptersAddresses", servicesKey}, windowsLists()...),
			Missing: say(
				"Módulos de memoria uno a uno y monitores; de servicios y controladores, el nombre y, fuera de la carpeta de Windows, el programa, no su versión; los desactivados, no; programas copiados a mano: inventory.unauthorised.",
				"Memory modules one by one and screens; of services and drivers the name and, outside the folder of Windows, the program, not its version; disabled ones not; programs copied by hand: inventory.unauthorised."),
			ByHand: say(
				"msinfo32 (Resumen del sistema, Componentes > Almacenamiento > Discos, Entorno de software > Servicios y Controladores del sistema) y Configuración > Aplicaciones > Aplicaciones instaladas; compare con la ficha del equipo.",
				"msinfo32 (System Summary, Components > Storage > Disks, Software Environment > Services and System Drivers) and Settings > Apps > Installed apps; compare with the machine's entry."),
		},
	}
}

func unauthorisedCovers() map[host.OS]checks.Coverage {
	return map[host.OS]checks.Coverage{
		host.Linux: {
			Sources: append(linuxLists(), "~/.local/bin", "~/bin", "*.AppImage", "XDG_DOWNLOAD_DIR", "/usr/local/bin", "/usr/local/sbin", "/opt", "/var/lib/dpkg/info/*.list"),
			Missing: say(
				"Paquetes que llegaron con el sistema o por dependencia se dan por autorizados con quien los pidió; con dnf 5 y pacman todos cuentan como elegidos. No se miran entornos de Python, Node o similares, ni programas en carpetas que no son las indicadas.",
				"Packages that came with the system or as dependencies count as approved with what asked for them; with dnf 5 and pacman all count as chosen. Environments of Python, Node and the like are not looked at, nor programs in folders other than those named."),
			ByHand: say(
				"apt-mark showmanual (o dnf history userinstalled), snap list, flatpak list, ls ~/.local/bin ~/bin /opt /usr/local/bin de cada usuario; compare con la lista autorizada.",
				"apt-mark showmanual (or dnf history userinstalled), snap list, flatpak list, ls ~/.local/bin ~/bin /opt /usr/local/bin of each user; compare with the approved list."),
		},
		host.Windows: {
			Sources: append(windowsLists(), `%LOCALAPPDATA%\Programs`, `%USERPROFILE%\Downloads`, `%USERPROFILE%\Desktop`),
			Missing: say(
				"Programas portátiles en otras carpetas y extensiones del navegador; de las descargas solo se cuenta cuántos instaladores hay. Los componentes de Windows que llegan por la tienda se dan por autorizados.",
				"Portable programs in other folders and extensions of browsers; of downloads only the number of installers. Parts of Windows that come through the store count as approved."),
			ByHand: say(
				"Configuración > Aplicaciones > Aplicaciones instaladas con la sesión de cada usuario, y sus carpetas AppData\\Local\\Programs, Descargas y Escritorio; compare con la lista autorizada.",
				"Settings > Apps > Installed apps in each user's session, and their folders AppData\\Local\\Programs, Downloads and Desktop; compare with the approved list."),
		},
	}
}

func specialCovers() map[host.OS]checks.Coverage {
	return map[host.OS]checks.Coverage{
		host.Linux: {
			Sources: append(linuxLists(), "/usr/local/bin", "/usr/local/sbin", "/opt", "~/.local/bin", "~/bin", "XDG_DOWNLOAD_DIR", "XDG_DESKTOP_DIR", "/etc/group", "/dev", "/tmp", "/var/tmp", "set-user-id of /usr/bin and /usr/sbin"),
			Missing: say(
				"Herramientas con otro nombre (en Linux los programas no dicen cómo se llaman; los de Windows copiados aquí, sí), salvo que la política dé su huella SHA-256 (hasta 512 MB de programas); dd y debugfs, que son del sistema: por eso se mira quién puede abrir los discos. Búsqueda acotada a dos niveles y 60 000 entradas.",
				"Tools under another name (programs of Linux do not say what they are called; those of Windows that were copied here do), unless the policy has their SHA-256 (up to 512 MB of programs); dd and debugfs, which are of the system: hence the look at who may open disks. The search is bounded to two levels and 60,000 entries."),
			ByHand: say(
				"Busque los nombres de la lista con dpkg -l o rpm -qa; getent group disk; ls -l /dev/sd* /dev/nvme*; find / -xdev -perm -4000.",
				"Look for the names of the list with dpkg -l or rpm -qa; getent group disk; ls -l /dev/sd* /dev/nvme*; find / -xdev -perm -4000."),
		},
		host.Windows: {
			Sources: append(windowsLists(), `C:\Program Files`, `C:\Program Files (x86)`, `C:\ProgramData`, `C:\Users\*`, `C:\Windows`, "VS_VERSIONINFO", "Authenticode (PKCS #7)", "SHA-256", "DACL"),
			Missing: say(
				"Herramientas sin información de versión y con otro nombre, salvo que la política dé su huella SHA-256 o su firmante; otros discos; lo que ya se ejecutó y se borró. La firma se lee y no se valida: el firmante es lo que el archivo dice de sí; lo firmado por catálogo, como Windows mismo, no lo dice. La huella es de las herramientas halladas, hasta 64 MB en total. Búsqueda acotada: niveles de carpetas, 60 000 entradas, 4000 programas, 512 MB de huellas que comparar, 2 minutos; en OneDrive y en C:\\Windows solo se miran los nombres.",
				"Tools without version information and under another name, unless the policy has their SHA-256 or their signer; other disks; what was run and deleted. Signatures are read and not validated: the signer is what the file says of itself; what is signed by catalogue, as Windows itself is, does not say. Hashes are of the tools that were found, up to 64 MB in all. The search is bounded: levels of folders, 60,000 entries, 4000 programs, 512 MB of hashes to compare, 2 minutes; in OneDrive and in C:\\Windows names alone are looked at."),
			ByHand: say(
				"Configuración > Aplicaciones; en el Explorador busque *.exe en Descargas, Escritorio y C:\\ y mire Propiedades > Detalles > Nombre de archivo original.",
				"Settings > Apps; in Explorer search *.exe in Downloads, Desktop and C:\\ and look at Properties > Details > Original filename."),
		},
	}
}
