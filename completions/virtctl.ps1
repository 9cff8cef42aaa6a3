# PowerShell completion for virtctl: add it to $PROFILE
Register-ArgumentCompleter -Native -CommandName virtctl -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | ForEach-Object { $_.ToString() })
    $before = @($words | Select-Object -Skip 1)
    if ($wordToComplete -ne '') { $before = @($before | Select-Object -SkipLast 1) }
    & $words[0] __complete @before "$wordToComplete" 2>$null | ForEach-Object {
        if ($_ -notmatch '^:') {
            $name, $text = $_ -split "`t", 2
            if (-not $text) { $text = $name }
            [System.Management.Automation.CompletionResult]::new(
                $name, $name, 'ParameterValue', $text)
        }
    }
}
