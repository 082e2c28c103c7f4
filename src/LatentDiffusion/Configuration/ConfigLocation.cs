namespace LatentDiffusion.Configuration;

/// <summary>Where a part of a configuration was written.</summary>
/// <param name="Source">The file as the user named it, or the override, for example <c>override 'unet.channels=64'</c>.</param>
/// <param name="Folder">Where relative paths written there start.</param>
/// <param name="Line">The line from 1, or 0 in an override, which has no lines.</param>
/// <param name="Column">The column from 1, or 0 in an override.</param>
public sealed record ConfigLocation(string Source, string Folder, int Line, int Column)
{
    /// <summary>Whether this is an override and not a line of a document.</summary>
    public bool IsOverride => Line == 0;

    /// <summary><c>file:line:column</c>, or the override.</summary>
    public override string ToString() => IsOverride ? Source : $"{Source}:{Line}:{Column}";
}
