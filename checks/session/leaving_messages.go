package session

import (
	"vigia/checks"
	"vigia/checks/host"
	"vigia/checks/message"
)

func diskCovers() map[host.OS]checks.Coverage {
	return map[host.OS]checks.Coverage{
		host.Windows: {
			Sources: []string{sourceBitLocker + " (ProtectionStatus, ConversionStatus)", "FindFirstVolume",
				"SMBIOS 3", `WMI root\CIMV2:Win32_Battery`, `HKLM\SYSTEM\CurrentControlSet\Services\veracrypt`},
			Missing: say(
				"otros cifrados de disco (VeraCrypt, DiskCryptor, Trellix, Symantec) se reconocen, pero no dicen qué unidad cifran: el resultado es desconocido; tampoco se ve el cifrado propio de un disco (Opal), ni se miran las particiones sin letra ni carpeta",
				"other disk encryption (VeraCrypt, DiskCryptor, Trellix, Symantec) is recognised but does not tell which drive it encrypts: the result is unknown; nor is a disk's own encryption (Opal) seen, nor are partitions without letter or folder looked at"),
			ByHand: say(
				"símbolo del sistema como administrador: manage-bde -status; cada unidad fija debe decir «Protección activada»",
				"command prompt as administrator: manage-bde -status; each fixed drive must say \"Protection On\""),
		},
		host.Linux: {
			Sources: []string{"/proc/1/mountinfo", "/proc/swaps", "/sys/class/block/*/dm/uuid", "/sys/class/block/*/slaves", "/sys/fs/btrfs/*/devices", "/run/udev/data/b*",
				fileChassis, dirSupplies},
			Missing: say(
				"las particiones que no están montadas; el cifrado de ZFS y bcachefs y el propio de un disco (Opal): el resultado es desconocido o «sin cifrar»; el de carpetas sueltas (fscrypt, eCryptfs) no cuenta como disco cifrado",
				"partitions that are not mounted; the encryption of ZFS and bcachefs and that of a disk itself (Opal): the result is unknown or \"not encrypted\"; that of single folders (fscrypt, eCryptfs) does not count as an encrypted disk"),
			ByHand: say(
				"en una terminal: lsblk -o NAME,TYPE,MOUNTPOINTS; sobre cada partición con datos y sobre el intercambio debe haber un elemento de tipo «crypt»",
				"in a terminal: lsblk -o NAME,TYPE,MOUNTPOINTS; above each partition with data and above the swap there must be an item of type \"crypt\""),
		},
	}
}

// diskMessages says the reasons of session.disk_encryption.
func diskMessages() message.Catalogue {
	encrypt := say(
		"en Windows: Panel de control > Cifrado de unidad BitLocker > Activar, y guarde la clave de recuperación fuera del equipo; en Linux: copie los datos, reinstale eligiendo el disco cifrado (LUKS) y vuelva a traerlos",
		"on Windows: Control Panel > BitLocker Drive Encryption > Turn on, and keep the recovery key away from the machine; on Linux: copy the data, install again choosing the encrypted disk (LUKS) and bring them back")
	resume := say(
		"Panel de control > Cifrado de unidad BitLocker > Reanudar protección; si pide terminar la configuración, hágalo",
		"Control Panel > BitLocker Drive Encryption > Resume protection; if it asks to finish the set-up, do so")
	wait := say(
		"deje el equipo encendido y enchufado hasta que termine, y no lo saque de la oficina antes",
		"leave the machine on and plugged in until it is done, and do not take it out of the office before")
	look := say(
		"ejecute el agente como servicio del sistema; si persiste, compruébelo a mano y anótelo en la revisión",
		"run the agent as a system service; if it persists, check it by hand and note it in the review")
	return message.Catalogue{
		"disk.stays":      {Say: say("no es un equipo portátil", "it is not a portable machine")},
		"disk.all_on":     {Say: say("todos los discos del equipo están cifrados y protegidos", "all disks of the machine are encrypted and protected")},
		"disk.on":         {Say: say("{mount} está cifrado y protegido", "{mount} is encrypted and protected")},
		"disk.off":        {Say: say("{mount} no está cifrado", "{mount} is not encrypted"), Do: encrypt},
		"disk.suspended":  {Say: say("{mount} está cifrado, pero la protección está suspendida: cualquiera puede abrirlo", "{mount} is encrypted, but its protection is suspended: anybody can open it"), Do: resume},
		"disk.encrypting": {Say: say("{mount} se está cifrando y aún no está protegido", "{mount} is being encrypted and is not protected yet"), Do: wait},
		"disk.decrypting": {Say: say("{mount} se está descifrando", "{mount} is being decrypted"), Do: encrypt},
		"disk.unknown":    {Say: say("no se puede saber si {mount} está cifrado", "it cannot be known whether {mount} is encrypted"), Do: look},
		"disk.other": {Say: say("{mount} puede estar cifrado con {product}, que no dice si lo está", "{mount} may be encrypted by {product}, which does not tell whether it is"),
			Do: say("compruébelo en el propio programa y anótelo en la revisión", "check it in that program and note it in the review")},
		"disk.none":              {Say: say("no se encontró ningún disco del equipo", "no disk of the machine was found"), Do: look},
		"disk.unread":            {Say: say("no se pudo leer {source} ({why})", "{source} could not be read ({why})"), Do: look},
		"disk.portable_unknown":  {Say: say("no se pudo saber si el equipo es portátil", "it could not be known whether the machine is portable"), Do: look},
		"disk.several":           {Say: say("{bad} discos o espacios de intercambio sin proteger", "{bad} disks or swap spaces are not protected"), Do: encrypt},
		"disk.several_unknown":   {Say: say("{bad} datos del cifrado no se pudieron leer", "{bad} facts of the encryption could not be read"), Do: look},
		"source.FindFirstVolume": {Say: say("la lista de unidades de Windows", "the list of Windows drives")},
	}
}

func bootCovers() map[host.OS]checks.Coverage {
	return map[host.OS]checks.Coverage{
		host.Windows: {
			Sources: []string{sourceBitLocker + " (GetKeyProtectors)", `WMI root\WMI:Lenovo_BiosPasswordSettings`, `WMI root\HP\InstrumentedBIOS:HP_BIOSSetting`,
				`WMI root\dcim\sysman\wmisecurity:PasswordObject`, `WMI root\CIMV2:Win32_ComputerSystem (PowerOnPasswordStatus)`},
			Missing: say(
				"la contraseña del firmware de fabricantes que no la declaran (casi todos salvo Lenovo, HP y Dell recientes): sin PIN de BitLocker el resultado es desconocido y hace falta una atestación con foto",
				"the firmware password of makers that do not declare it (most but recent Lenovo, HP and Dell): without a BitLocker PIN the result is unknown, and an attestation with a photograph is needed"),
			ByHand: say(
				"encienda el equipo desde apagado: debe pedir una clave antes de que aparezca Windows; o, como administrador: manage-bde -protectors -get C: (debe decir «TPM y PIN»)",
				"switch the machine on from off: it must ask for a secret before Windows appears; or, as administrator: manage-bde -protectors -get C: (it must say \"TPM And PIN\")"),
		},
		host.Linux: {
			Sources: []string{"/sys/class/block/*/dm/uuid", fileCrypttab, fileCmdline, dirFirmware + "/*/authentication", fileSMBIOS24, "/usr/share/initramfs-tools/hooks/clevis", "/sys/class/tpm", "/etc/cryptsetup-keys.d"},
			Missing: say(
				"las ranuras de la cabecera LUKS no se leen: con Clevis instalado, o con TPM y un arranque (dracut) que sabe usarlo, el resultado es desconocido; la clave del firmware solo se ve donde el núcleo la declara",
				"the slots of the LUKS header are not read: with Clevis installed, or with a TPM and a boot image (dracut) that can use it, the result is unknown; the firmware's password is only seen where the kernel declares it"),
			ByHand: say(
				"encienda el equipo desde apagado: debe pedir una clave antes de la pantalla de inicio de sesión; cat /etc/crypttab (la tercera columna debe ser none)",
				"switch the machine on from off: it must ask for a secret before the log-on screen; cat /etc/crypttab (the third column must be none)"),
		},
	}
}

// bootMessages says the reasons of session.boot_password.
func bootMessages() message.Catalogue {
	pin := say(
		"en Windows, active «Requerir autenticación adicional al iniciar» (Directiva de equipo > Componentes de Windows > Cifrado de unidad BitLocker > Unidades del sistema operativo) y añada el PIN con: manage-bde -protectors -add C: -TPMAndPIN; o ponga contraseña de encendido en el BIOS",
		"on Windows, enable \"Require additional authentication at startup\" (Computer policy > Windows Components > BitLocker Drive Encryption > Operating System Drives) and add the PIN with: manage-bde -protectors -add C: -TPMAndPIN; or set a power-on password in the BIOS")
	passphrase := say(
		"ponga en /etc/crypttab «none» en lugar del archivo de clave o quite tpm2-device, y regenere el arranque (update-initramfs -u o dracut -f); o ponga contraseña de encendido en el BIOS",
		"put \"none\" in /etc/crypttab in place of the key file or remove tpm2-device, and make the initramfs again (update-initramfs -u or dracut -f); or set a power-on password in the BIOS")
	encrypt := say(
		"ponga contraseña de encendido en el BIOS, o cifre el disco con clave al arrancar (BitLocker con PIN, LUKS con contraseña)",
		"set a power-on password in the BIOS, or encrypt the disk with a secret at start (BitLocker with PIN, LUKS with passphrase)")
	attest := say(
		"entre en el BIOS y compruebe que hay contraseña de encendido; adjunte la foto como atestación de este equipo",
		"enter the BIOS and see that there is a power-on password; attach the photograph as this machine's attestation")
	look := say(
		"ejecute el agente como servicio del sistema; si persiste, compruébelo a mano y anótelo en la revisión",
		"run the agent as a system service; if it persists, check it by hand and note it in the review")
	return message.Catalogue{
		"boot.stays":            {Say: say("no es un equipo portátil", "it is not a portable machine")},
		"boot.firmware_set":     {Say: say("el firmware pide una contraseña al encender", "the firmware asks for a password at power-on")},
		"boot.passphrase":       {Say: say("el disco pide una clave antes de arrancar", "the disk asks for a secret before the system starts")},
		"boot.token":            {Say: say("el disco se abre con una llave que no está en el equipo", "the disk is opened with a key that is not in the machine")},
		"boot.tpm":              {Say: say("el disco está cifrado, pero el equipo lo abre solo con su TPM, sin pedir nada", "the disk is encrypted, but the machine opens it by itself with its TPM and asks for nothing"), Do: pin},
		"boot.key_file":         {Say: say("el disco está cifrado, pero su clave está en el propio equipo y arranca sin pedir nada", "the disk is encrypted, but its key is in the machine itself, which starts and asks for nothing"), Do: passphrase},
		"boot.clear":            {Say: say("el cifrado del disco está suspendido o sin terminar: el equipo arranca sin pedir nada", "the encryption of the disk is suspended or not finished: the machine starts and asks for nothing"), Do: pin},
		"boot.plain":            {Say: say("el disco no está cifrado: no pide ninguna clave al encender", "the disk is not encrypted: it asks for no secret at power-on"), Do: encrypt},
		"boot.disk_unknown":     {Say: say("no se puede saber si el disco pide una clave al arrancar", "it cannot be known whether the disk asks for a secret at start"), Do: look},
		"boot.firmware_unread":  {Say: say("no se puede leer si el firmware pide contraseña, y el disco no la pide con certeza", "whether the firmware asks for a password cannot be read, and the disk does not ask for certain"), Do: attest},
		"boot.unread":           {Say: say("no se pudo leer {source} ({why})", "{source} could not be read ({why})"), Do: look},
		"boot.portable_unknown": {Say: say("no se pudo saber si el equipo es portátil", "it could not be known whether the machine is portable"), Do: look},
	}
}
