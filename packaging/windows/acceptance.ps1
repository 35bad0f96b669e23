#Requires -Version 5.1
<#
.SYNOPSIS
Prueba de aceptación de Vigía en un PC piloto.

.DESCRIPTION
Instala el agente como lo hará el despliegue, comprueba lo que promete y compara lo que mide
con lo que dicen las herramientas de Windows. Escribe resultado.json y resultado.txt en la
carpeta de -Out, y el equipo firma el primero (resultado.json.firma): en el servidor,
«vigia attest verify resultado.json» dice qué equipo lo hizo y cuándo.

Se ejecuta como administrador, en Windows PowerShell 5.1. No instala módulos ni cambia
ajustes del equipo, salvo instalar y quitar Vigía. Cuando pida reiniciar, reinicie y ejecute
otra vez la misma orden: sigue donde estaba.

.PARAMETER Msi
El instalador que se prueba.
.PARAMETER Collector
El colector, como vigia.villaejemplo.local:8443.
.PARAMETER TokenFile
Archivo con el código de alta, o tabla CSV con las columnas host y token.
.PARAMETER NewerMsi
Un instalador de una versión posterior, para probar la actualización. Sin él no se prueba.
.PARAMETER Signer
Huella (thumbprint) del certificado que debe firmar el instalador. Sin ella basta con que
Windows dé la firma por buena.
.PARAMETER NoReboot
No prueba el reinicio; el resultado lo dice.

.EXAMPLE
powershell -ExecutionPolicy Bypass -File acceptance.ps1 -Msi E:\vigia-agent-0.1.0-amd64.msi -Collector vigia.villaejemplo.local:8443 -TokenFile E:\vigia-token.txt
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory = $true)][string]$Msi,
    [Parameter(Mandatory = $true)][string]$Collector,
    [Parameter(Mandatory = $true)][string]$TokenFile,
    [string]$Department = '',
    [string]$Proxy = '',
    [string]$NewerMsi = '',
    [string]$Signer = '',
    [switch]$NoReboot,
    [string]$Out = (Join-Path $env:ProgramData 'Vigia-aceptacion')
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$Service = 'vigia-agent'
$Folder = Join-Path $env:ProgramFiles 'Vigia'
$Agent = Join-Path $Folder 'vigia-agent.exe'
$Data = Join-Path $env:ProgramData 'Vigia\agent'
$StateFile = Join-Path $Out 'estado.json'

# Los SID de quien puede cambiar un programa: el sistema, los administradores y
# TrustedInstaller. Los nombres cambian con el idioma; los SID, no.
$Trusted = @('S-1-5-18', 'S-1-5-32-544', 'S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464')

# --- Lo que se sabe hasta ahora -----------------------------------------------------------

$script:State = $null

function Read-State {
    if (Test-Path -LiteralPath $StateFile) {
        return (Get-Content -LiteralPath $StateFile -Raw -Encoding UTF8 | ConvertFrom-Json)
    }
    return [pscustomobject]@{ next = 'firma'; started = (Get-Date).ToUniversalTime().ToString('o'); boot = ''; steps = @() }
}

function Save-State {
    $script:State | ConvertTo-Json -Depth 8 | Set-Content -LiteralPath $StateFile -Encoding UTF8
}

# Add-Step anota una comprobación: $Ok es $true, $false, o $null si no se pudo saber.
function Add-Step {
    param([string]$Name, $Ok, [string]$Detail)
    $step = [pscustomobject]@{ name = $Name; ok = $Ok; detail = $Detail; at = (Get-Date).ToUniversalTime().ToString('o') }
    $script:State.steps = @($script:State.steps) + $step
    $mark = 'NO SE SABE'
    if ($Ok -eq $true) { $mark = 'BIEN' }
    if ($Ok -eq $false) { $mark = 'MAL' }
    Write-Host ('  [{0}] {1}: {2}' -f $mark, $Name, $Detail)
    Save-State
}

# Test-Step hace una comprobación; si falla sin respuesta, queda como no sabida.
function Test-Step {
    param([string]$Name, [scriptblock]$Do)
    try {
        $r = & $Do
        Add-Step -Name $Name -Ok $r.ok -Detail $r.detail
    } catch {
        Add-Step -Name $Name -Ok $null -Detail $_.Exception.Message
    }
}

function New-Answer {
    param($Ok, [string]$Detail)
    return [pscustomobject]@{ ok = $Ok; detail = $Detail }
}

function Set-Next {
    param([string]$Phase)
    $script:State.next = $Phase
    Save-State
}

# --- Herramientas -------------------------------------------------------------------------

function Invoke-Msi {
    param([string[]]$Arguments)
    $log = Join-Path $Out 'msiexec.log'
    $all = @($Arguments) + @('/qn', '/norestart', '/l*v', ('"{0}"' -f $log))
    $p = Start-Process -FilePath 'msiexec.exe' -ArgumentList $all -Wait -PassThru
    return $p.ExitCode
}

function Invoke-Agent {
    param([string[]]$Arguments)
    # Lo que dice por la salida de errores no es un fallo de este guion.
    $ErrorActionPreference = 'Continue'
    [Console]::OutputEncoding = New-Object System.Text.UTF8Encoding $false
    $text = (& $Agent @Arguments 2>$null | Out-String)
    return [pscustomobject]@{ code = $LASTEXITCODE; text = $text }
}

function Get-AgentStatus {
    $r = Invoke-Agent -Arguments @('status', '--format', 'json')
    if ($r.text.Trim() -eq '') { return $null }
    return ($r.text | ConvertFrom-Json)
}

# Get-Field lee un campo que puede faltar: StrictMode no deja leerlo sin más.
function Get-Field {
    param($Object, [string]$Path)
    foreach ($name in $Path.Split('.')) {
        if ($null -eq $Object) { return $null }
        $property = $Object.PSObject.Properties[$name]
        if ($null -eq $property) { return $null }
        $Object = $property.Value
    }
    return $Object
}

# Wait-Until espera a que algo sea cierto; devuelve los segundos que tardó, o -1.
function Wait-Until {
    param([scriptblock]$Condition, [int]$Seconds)
    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    while ($watch.Elapsed.TotalSeconds -lt $Seconds) {
        try {
            if (& $Condition) { return [int]$watch.Elapsed.TotalSeconds }
        } catch {
            Write-Verbose $_.Exception.Message
        }
        Start-Sleep -Seconds 1
    }
    return -1
}

# Get-Strangers dice quién, además de los de confianza, puede cambiar un archivo o carpeta.
function Get-Strangers {
    param([string]$Path)
    $acl = Get-Acl -LiteralPath $Path
    $sid = [System.Security.Principal.SecurityIdentifier]
    $found = @()
    $owner = $acl.GetOwner($sid).Value
    if ($Trusted -notcontains $owner) { $found += ('propietario ' + $owner) }
    # Escribir, añadir, borrar, cambiar permisos o dueño; y los derechos genéricos.
    $write = 0x2 -bor 0x4 -bor 0x40 -bor 0x10000 -bor 0x40000 -bor 0x80000 -bor 0x10000000 -bor 0x40000000
    foreach ($rule in $acl.GetAccessRules($true, $true, $sid)) {
        $inheritOnly = ($rule.PropagationFlags -band [System.Security.AccessControl.PropagationFlags]::InheritOnly) -ne 0
        if ($rule.AccessControlType -eq 'Allow' -and -not $inheritOnly -and
            ([int]$rule.FileSystemRights -band $write) -ne 0 -and $Trusted -notcontains $rule.IdentityReference.Value) {
            $found += $rule.IdentityReference.Value
        }
    }
    return , $found
}

# Compare-Control compara lo que el agente leyó con lo que dice Windows. $Both recibe lo leído
# y devuelve @{ windows = ...; vigia = ... }; lo que es $null no se pudo saber.
function Compare-Control {
    param([string]$Control, [string]$Tool, [scriptblock]$Both)
    Test-Step -Name ('control ' + $Control) -Do {
        $r = Invoke-Agent -Arguments @('check', $Control, '--format', 'json')
        $results = $r.text | ConvertFrom-Json
        $first = @($results)[0]
        $pair = & $Both (Get-Field -Object $first -Path 'observed')
        $detail = '{0}: {1}; Vigía: {2} ({3})' -f $Tool, $pair.windows, $pair.vigia, $first.status
        if ($null -eq $pair.windows -or $null -eq $pair.vigia) {
            New-Answer -Ok $null -Detail $detail
        } else {
            New-Answer -Ok ([string]$pair.windows -eq [string]$pair.vigia) -Detail $detail
        }
    }
}

# Get-SecurityPolicy lee la directiva local que secedit escribe; los nombres no se traducen.
function Get-SecurityPolicy {
    param([string]$Name)
    $file = Join-Path $Out 'directiva.inf'
    & secedit.exe /export /cfg $file /areas SECURITYPOLICY /quiet | Out-Null
    $value = $null
    foreach ($line in (Get-Content -LiteralPath $file)) {
        if ($line -match ('^\s*' + $Name + '\s*=\s*(-?\d+)')) { $value = [int]$Matches[1] }
    }
    Remove-Item -LiteralPath $file -Force
    return $value
}

function Get-RegistryValue {
    param([string]$Key, [string]$Name)
    if (-not (Test-Path -LiteralPath $Key)) { return $null }
    return (Get-Field -Object (Get-ItemProperty -LiteralPath $Key) -Path $Name)
}

# --- Las comprobaciones -------------------------------------------------------------------

function Test-Signature {
    param([string]$Path)
    $what = 'firma de ' + (Split-Path -Leaf $Path)
    Test-Step -Name $what -Do {
        $signature = Get-AuthenticodeSignature -LiteralPath $Path
        $thumb = ''
        if ($null -ne $signature.SignerCertificate) { $thumb = $signature.SignerCertificate.Thumbprint }
        $ok = ($signature.Status -eq 'Valid') -and ($Signer -eq '' -or $thumb -eq $Signer.Replace(' ', ''))
        New-Answer -Ok $ok -Detail ('{0}, {1}' -f $signature.Status, $thumb)
    }
}

function Test-Places {
    foreach ($path in @($Folder, $Agent, $Data, (Join-Path $Data 'identity'))) {
        Test-Step -Name ('permisos de ' + $path) -Do {
            $strangers = Get-Strangers -Path $path
            New-Answer -Ok (@($strangers).Count -eq 0) -Detail ('pueden cambiarlo además: ' + (@($strangers) -join ', '))
        }
    }
    Test-Step -Name 'un usuario corriente no lee las claves' -Do {
        $sid = [System.Security.Principal.SecurityIdentifier]
        $readers = @()
        foreach ($rule in (Get-Acl -LiteralPath (Join-Path $Data 'identity')).GetAccessRules($true, $true, $sid)) {
            if ($rule.AccessControlType -eq 'Allow' -and $Trusted -notcontains $rule.IdentityReference.Value) {
                $readers += $rule.IdentityReference.Value
            }
        }
        New-Answer -Ok ($readers.Count -eq 0) -Detail ('también entran: ' + ($readers -join ', '))
    }
}

function Test-Service {
    Test-Step -Name 'servicio' -Do {
        $s = Get-CimInstance -ClassName Win32_Service -Filter ("Name='{0}'" -f $Service)
        if ($null -eq $s) {
            New-Answer -Ok $false -Detail 'no está'
        } else {
            $ok = ($s.State -eq 'Running') -and ($s.StartMode -eq 'Auto') -and ($s.StartName -eq 'LocalSystem')
            New-Answer -Ok $ok -Detail ('{0}, {1}, {2}, {3}' -f $s.State, $s.StartMode, $s.StartName, $s.PathName)
        }
    }
    Test-Step -Name 'recuperación del servicio' -Do {
        # FailureActions: cinco números de 32 bits y después pares (acción, milisegundos).
        $bytes = Get-RegistryValue -Key ('HKLM:\SYSTEM\CurrentControlSet\Services\' + $Service) -Name 'FailureActions'
        if ($null -eq $bytes) {
            New-Answer -Ok $false -Detail 'no está puesta'
        } else {
            $count = [BitConverter]::ToInt32($bytes, 12)
            $actions = @()
            for ($i = 0; $i -lt $count; $i++) {
                $actions += ('{0}:{1}' -f [BitConverter]::ToInt32($bytes, 20 + 8 * $i), [BitConverter]::ToInt32($bytes, 24 + 8 * $i))
            }
            New-Answer -Ok (($actions -join ' ') -eq '1:10000 1:60000 1:300000') -Detail ($actions -join ' ')
        }
    }
}

function Test-Restart {
    Test-Step -Name 'el proceso muerto vuelve' -Do {
        $before = (Get-CimInstance -ClassName Win32_Service -Filter ("Name='{0}'" -f $Service)).ProcessId
        Stop-Process -Id $before -Force
        $took = Wait-Until -Seconds 60 -Condition {
            $now = (Get-CimInstance -ClassName Win32_Service -Filter ("Name='{0}'" -f $Service)).ProcessId
            ($now -ne 0) -and ($now -ne $before)
        }
        New-Answer -Ok ($took -ge 0) -Detail ('segundos: {0}' -f $took)
    }
}

function Test-Controls {
    Compare-Control -Control 'AC-LOCK-15' -Tool 'InactivityTimeoutSecs' -Both {
        param($observed)
        $value = Get-RegistryValue -Key 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System' -Name 'InactivityTimeoutSecs'
        if ($null -eq $value) { $value = 0 }
        @{ windows = $value; vigia = (Get-Field -Object $observed -Path 'machine.value') }
    }
    Compare-Control -Control 'AC-PWD-LEN' -Tool 'secedit MinimumPasswordLength' -Both {
        param($observed)
        @{ windows = (Get-SecurityPolicy -Name 'MinimumPasswordLength'); vigia = (Get-Field -Object $observed -Path 'value') }
    }
    Compare-Control -Control 'AC-PWD-HIST' -Tool 'secedit PasswordHistorySize' -Both {
        param($observed)
        @{ windows = (Get-SecurityPolicy -Name 'PasswordHistorySize'); vigia = (Get-Field -Object $observed -Path 'remember') }
    }
    Compare-Control -Control 'AC-PWD-AGE-365' -Tool 'secedit MaximumPasswordAge' -Both {
        param($observed)
        @{ windows = (Get-SecurityPolicy -Name 'MaximumPasswordAge'); vigia = (Get-Field -Object $observed -Path 'max_days') }
    }
    Compare-Control -Control 'AC-FAIL-3' -Tool 'secedit LockoutBadCount' -Both {
        param($observed)
        @{ windows = (Get-SecurityPolicy -Name 'LockoutBadCount'); vigia = (Get-Field -Object $observed -Path 'value') }
    }
    Compare-Control -Control 'AC-LEASTPRIV' -Tool 'Get-LocalGroupMember, administradores' -Both {
        param($observed)
        $members = @(Get-LocalGroupMember -SID 'S-1-5-32-544')
        @{ windows = $members.Count; vigia = @(Get-Field -Object $observed -Path 'admins').Count }
    }
    Compare-Control -Control 'AC-UNIQUE-ID' -Tool 'Get-LocalUser, cuentas habilitadas (lo de Vigía se mira a mano)' -Both {
        param($observed)
        $users = @(Get-LocalUser | Where-Object { $_.Enabled } | ForEach-Object { $_.Name })
        @{ windows = ($users -join ', '); vigia = $null }
    }
    Compare-Control -Control 'AC-FAIL-LOG' -Tool 'auditpol, fallos de inicio de sesión' -Both {
        param($observed)
        # La última columna de la copia es un número: 2 son los fallos. El resto se traduce.
        $file = Join-Path $Out 'auditoria.csv'
        & auditpol.exe /backup ('/file:' + $file) | Out-Null
        $value = $null
        foreach ($line in (Get-Content -LiteralPath $file)) {
            if ($line -match '0CCE9215-69AE-11D9-BED3-505054503030.*,(\d+)\s*$') { $value = ([int]$Matches[1] -band 2) -ne 0 }
        }
        Remove-Item -LiteralPath $file -Force
        @{ windows = $value; vigia = (Get-Field -Object $observed -Path 'audit.logon') }
    }
    Compare-Control -Control 'AC-DISK-ENC' -Tool 'Get-BitLockerVolume' -Both {
        param($observed)
        $value = $null
        if ($null -ne (Get-Command -Name 'Get-BitLockerVolume' -ErrorAction SilentlyContinue)) {
            $value = 'off'
            if ((Get-BitLockerVolume -MountPoint $env:SystemDrive).ProtectionStatus -eq 'On') { $value = 'on' }
        }
        $ours = $null
        foreach ($volume in @(Get-Field -Object $observed -Path 'volumes')) {
            if ($null -ne $volume -and $volume.mount -eq ($env:SystemDrive + '\')) { $ours = $volume.state }
        }
        @{ windows = $value; vigia = $ours }
    }
    Compare-Control -Control 'SYS-AV' -Tool 'Get-MpComputerStatus, protección en tiempo real' -Both {
        param($observed)
        $value = 'off'
        if ((Get-MpComputerStatus).RealTimeProtectionEnabled) { $value = 'on' }
        $ours = $null
        foreach ($product in @(Get-Field -Object $observed -Path 'products')) {
            if ($null -ne $product -and $product.id -eq 'defender') { $ours = Get-Field -Object $product -Path 'real_time' }
        }
        @{ windows = $value; vigia = $ours }
    }
    Compare-Control -Control 'SYS-FW' -Tool 'Get-NetFirewallProfile' -Both {
        param($observed)
        $theirs = @()
        foreach ($zone in @(Get-NetFirewallProfile -PolicyStore ActiveStore | Sort-Object -Property Name)) {
            $theirs += ('{0}={1}' -f $zone.Name.ToLowerInvariant(), [int]($zone.Enabled -eq 'True'))
        }
        $ours = @()
        foreach ($zone in @(Get-Field -Object $observed -Path 'profiles')) {
            if ($null -ne $zone) { $ours += ('{0}={1}' -f $zone.name, (Get-Field -Object $zone -Path 'enabled.value')) }
        }
        @{ windows = ($theirs -join ' '); vigia = (@($ours | Sort-Object) -join ' ') }
    }
    Compare-Control -Control 'SYS-PATCH' -Tool 'CurrentBuild y UBR (último Get-HotFix, en resultado.txt)' -Both {
        param($observed)
        $key = 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion'
        $build = '{0}.{1}' -f (Get-RegistryValue -Key $key -Name 'CurrentBuild'), (Get-RegistryValue -Key $key -Name 'UBR')
        @{ windows = $build; vigia = (Get-Field -Object $observed -Path 'build') }
    }
    Test-Step -Name 'Get-HotFix' -Do {
        $fixes = @(Get-HotFix | Where-Object { $null -ne $_.InstalledOn } | Sort-Object -Property InstalledOn -Descending)
        $text = 'ninguno'
        if ($fixes.Count -gt 0) { $text = '{0} del {1:yyyy-MM-dd}' -f $fixes[0].HotFixID, $fixes[0].InstalledOn }
        New-Answer -Ok ($fixes.Count -gt 0) -Detail ('el último: ' + $text)
    }
    Compare-Control -Control 'SYS-CLOCK' -Tool 'w32tm /query /configuration' -Both {
        param($observed)
        $value = $null
        foreach ($line in @(& w32tm.exe /query /configuration)) {
            if ($line -match ':\s*(NT5DS|NTP|AllSync|NoSync)\b') { $value = $Matches[1] }
        }
        @{ windows = $value; vigia = (Get-Field -Object $observed -Path 'windows.type') }
    }
}

# Test-Delivery espera a que el colector tenga un informe más que antes.
function Test-Delivery {
    param([string]$Name, [int]$Seconds, [uint64]$After)
    Test-Step -Name $Name -Do {
        $took = Wait-Until -Seconds $Seconds -Condition {
            $acked = Get-Field -Object (Get-AgentStatus) -Path 'spool.acked'
            ($null -ne $acked) -and ([uint64]$acked -gt $After)
        }
        New-Answer -Ok ($took -ge 0) -Detail ('segundos: {0} de {1}' -f $took, $Seconds)
    }
}

function Get-Acked {
    $acked = Get-Field -Object (Get-AgentStatus) -Path 'spool.acked'
    if ($null -eq $acked) { return [uint64]0 }
    return [uint64]$acked
}

function Install-Agent {
    param([string]$Path, [string]$Name, [switch]$Plain)
    $arguments = @('/i', ('"{0}"' -f $Path))
    if (-not $Plain) {
        $arguments += ('COLLECTOR="{0}"' -f $Collector)
        $arguments += ('TOKENFILE="{0}"' -f $TokenFile)
        if ($Department -ne '') { $arguments += ('DEPARTMENT="{0}"' -f $Department) }
        if ($Proxy -ne '') { $arguments += ('PROXY="{0}"' -f $Proxy) }
    }
    Test-Step -Name $Name -Do {
        $code = Invoke-Msi -Arguments $arguments
        New-Answer -Ok (($code -eq 0) -or ($code -eq 3010)) -Detail ('código {0}' -f $code)
    }
}

function Test-NothingLeft {
    Test-Step -Name 'al quitarlo no queda el programa' -Do {
        $left = @()
        if (Test-Path -LiteralPath $Folder) { $left += $Folder }
        if ($null -ne (Get-Service -Name $Service -ErrorAction SilentlyContinue)) { $left += 'el servicio' }
        foreach ($key in @('HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall', 'HKLM:\SOFTWARE\WOW6432Node\Microsoft\Windows\CurrentVersion\Uninstall')) {
            foreach ($entry in @(Get-ChildItem -LiteralPath $key -ErrorAction SilentlyContinue)) {
                if ((Get-Field -Object (Get-ItemProperty -LiteralPath $entry.PSPath) -Path 'DisplayName') -eq 'Vigia') { $left += $entry.Name }
            }
        }
        New-Answer -Ok ($left.Count -eq 0) -Detail ('queda: ' + ($left -join ', '))
    }
}

function Write-Result {
    $bad = @($script:State.steps | Where-Object { $_.ok -eq $false }).Count
    $unknown = @($script:State.steps | Where-Object { $null -eq $_.ok }).Count
    $os = Get-CimInstance -ClassName Win32_OperatingSystem
    $result = [pscustomobject]@{
        format = 'vigia acceptance 1'; machine = $env:COMPUTERNAME; system = $os.Caption; build = $os.Version
        culture = (Get-Culture).Name; architecture = $env:PROCESSOR_ARCHITECTURE; agent = (Get-Field -Object (Get-AgentStatus) -Path 'agent_id')
        msi = (Split-Path -Leaf $Msi); msi_sha256 = (Get-FileHash -LiteralPath $Msi -Algorithm SHA256).Hash
        started = $script:State.started; ended = (Get-Date).ToUniversalTime().ToString('o')
        failed = $bad; unknown = $unknown; steps = @($script:State.steps)
    }
    $json = Join-Path $Out 'resultado.json'
    $result | ConvertTo-Json -Depth 8 | Set-Content -LiteralPath $json -Encoding UTF8
    $lines = @('Vigía: prueba de aceptación de ' + $env:COMPUTERNAME, ('{0}, {1}' -f $os.Caption, $os.Version), '')
    foreach ($step in $script:State.steps) {
        $mark = 'NO SE SABE'
        if ($step.ok -eq $true) { $mark = 'BIEN' }
        if ($step.ok -eq $false) { $mark = 'MAL' }
        $lines += ('{0,-10}  {1}: {2}' -f $mark, $step.name, $step.detail)
    }
    $lines += @('', ('Mal: {0}. No se sabe: {1}.' -f $bad, $unknown))
    $lines | Set-Content -LiteralPath (Join-Path $Out 'resultado.txt') -Encoding UTF8
    $signed = Invoke-Agent -Arguments @('attest', $json)
    Write-Host ''
    Write-Host ('Resultado: {0} mal, {1} sin saber. En {2}' -f $bad, $unknown, $Out)
    if ($signed.code -eq 0) {
        Write-Host 'Lleve resultado.json y resultado.json.firma al servidor: vigia attest verify resultado.json'
    } else {
        Write-Warning 'El equipo no pudo firmar el resultado: mire que el alta se hiciera.'
        $bad++
    }
    Remove-Item -LiteralPath $StateFile -Force
    return $bad
}

# --- El orden -----------------------------------------------------------------------------

$me = New-Object System.Security.Principal.WindowsPrincipal ([System.Security.Principal.WindowsIdentity]::GetCurrent())
if (-not $me.IsInRole([System.Security.Principal.WindowsBuiltInRole]::Administrator)) {
    Write-Warning 'Hace falta ser administrador: abra PowerShell con «Ejecutar como administrador» y repita.'
    exit 2
}
foreach ($file in @($Msi, $TokenFile)) {
    if (-not (Test-Path -LiteralPath $file -PathType Leaf)) {
        Write-Warning ('No está el archivo ' + $file)
        exit 2
    }
}
$Msi = (Resolve-Path -LiteralPath $Msi).ProviderPath
$TokenFile = (Resolve-Path -LiteralPath $TokenFile).ProviderPath
if ($NewerMsi -ne '') { $NewerMsi = (Resolve-Path -LiteralPath $NewerMsi).ProviderPath }

# Lo anotado se firma al final: nadie más debe poder cambiarlo por el camino.
if (-not (Test-Path -LiteralPath $Out)) {
    New-Item -ItemType Directory -Path $Out | Out-Null
    $security = New-Object System.Security.AccessControl.DirectorySecurity
    $security.SetSecurityDescriptorSddlForm('O:BAD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)')
    Set-Acl -LiteralPath $Out -AclObject $security
}
$others = Get-Strangers -Path $Out
if (@($others).Count -gt 0) {
    Write-Warning ('Otros pueden cambiar lo que hay en {0} ({1}): bórrela o indique otra con -Out.' -f $Out, (@($others) -join ', '))
    exit 2
}

$script:State = Read-State
Write-Host ('Vigía: prueba de aceptación en {0} (fase: {1})' -f $env:COMPUTERNAME, $script:State.next)

if ($script:State.next -eq 'firma') {
    if (Test-Path -LiteralPath $Agent) {
        Write-Warning 'Vigía ya está instalado: la prueba empieza en un equipo sin él. Quítelo en Aplicaciones y repita.'
        exit 2
    }
    Test-Signature -Path $Msi
    if ($NewerMsi -ne '') { Test-Signature -Path $NewerMsi }
    Install-Agent -Path $Msi -Name 'instalación silenciosa'
    Test-Delivery -Name 'primer informe confirmado en un minuto' -Seconds 60 -After 0
    if (Test-Path -LiteralPath $Agent) { Test-Signature -Path $Agent }
    Test-Service
    Test-Places
    Test-Controls
    Test-Restart
    $script:State.boot = (Get-CimInstance -ClassName Win32_OperatingSystem).LastBootUpTime.ToUniversalTime().ToString('o')
    Set-Next -Phase 'reinicio'
}

if ($script:State.next -eq 'reinicio') {
    $boot = (Get-CimInstance -ClassName Win32_OperatingSystem).LastBootUpTime.ToUniversalTime().ToString('o')
    if ($NoReboot) {
        Add-Step -Name 'reinicio' -Ok $null -Detail 'no se probó (-NoReboot)'
    } elseif ($boot -eq $script:State.boot) {
        Write-Host ''
        Write-Host 'Ahora reinicie el equipo y ejecute otra vez la misma orden: la prueba sigue donde estaba.'
        exit 3
    } else {
        Test-Step -Name 'reinicio: el servicio arranca solo' -Do {
            $took = Wait-Until -Seconds 180 -Condition { (Get-Service -Name $Service).Status -eq 'Running' }
            New-Answer -Ok ($took -ge 0) -Detail ('segundos desde que se mira: {0}' -f $took)
        }
    }
    Set-Next -Phase 'actualización'
}

if ($script:State.next -eq 'actualización') {
    $identity = Get-Field -Object (Get-AgentStatus) -Path 'agent_id'
    $current = $Msi
    if ($NewerMsi -ne '') {
        Install-Agent -Path $NewerMsi -Name 'actualización sin propiedades' -Plain
        $current = $NewerMsi
        Test-Step -Name 'la actualización conserva el alta' -Do {
            $took = Wait-Until -Seconds 60 -Condition { (Get-Field -Object (Get-AgentStatus) -Path 'agent_id') -eq $identity }
            New-Answer -Ok ($took -ge 0) -Detail ([string]$identity)
        }
        Test-Step -Name 'una versión anterior se niega' -Do {
            $code = Invoke-Msi -Arguments @('/i', ('"{0}"' -f $Msi))
            New-Answer -Ok ($code -eq 1603) -Detail ('código {0}' -f $code)
        }
    } else {
        Add-Step -Name 'actualización' -Ok $null -Detail 'no se probó (-NewerMsi)'
    }
    Test-Step -Name 'desinstalación' -Do {
        # Sin PURGE=1: con los datos el equipo sigue siendo el mismo y puede firmar el resultado.
        $code = Invoke-Msi -Arguments @('/x', ('"{0}"' -f $current))
        New-Answer -Ok (($code -eq 0) -or ($code -eq 3010)) -Detail ('código {0}' -f $code)
    }
    Test-NothingLeft
    # Vuelve a instalarse sin código: la identidad sigue en la carpeta de datos, y con ella
    # firma el equipo el resultado.
    Install-Agent -Path $current -Name 'instalación de nuevo, sin código' -Plain
    Test-Step -Name 'sigue siendo el mismo equipo' -Do {
        $took = Wait-Until -Seconds 60 -Condition { (Get-Field -Object (Get-AgentStatus) -Path 'agent_id') -eq $identity }
        New-Answer -Ok ($took -ge 0) -Detail ([string]$identity)
    }
    Test-Delivery -Name 'vuelve a informar' -Seconds 120 -After (Get-Acked)
    Set-Next -Phase 'resultado'
}

$failures = Write-Result
if ($failures -gt 0) { exit 1 }
exit 0
