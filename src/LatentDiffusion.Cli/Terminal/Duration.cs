namespace LatentDiffusion.Cli.Terminal;

/// <summary>Durations as people say them.</summary>
internal static class Duration
{
    /// <summary>Two units at most: <c>38 s</c>, <c>7 min 38 s</c>, <c>3 h 12 min</c>, <c>2 d 3 h</c>.</summary>
    public static string InWords(TimeSpan duration)
    {
        var rounded = TimeSpan.FromSeconds(Math.Ceiling(duration.TotalSeconds));
        return rounded switch
        {
            { TotalMinutes: < 1 } => $"{rounded.Seconds} s",
            { TotalHours: < 1 } => $"{rounded.Minutes} min {rounded.Seconds} s",
            { TotalDays: < 1 } => $"{rounded.Hours} h {rounded.Minutes} min",
            _ => $"{rounded.Days} d {rounded.Hours} h",
        };
    }
}
