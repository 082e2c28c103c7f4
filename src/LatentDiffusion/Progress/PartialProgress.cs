namespace LatentDiffusion.Progress;

/// <summary>Progress of a part, told as progress of the whole.</summary>
public static class PartialProgress
{
    /// <summary>Where a part's reports go.</summary>
    /// <param name="whole">Is told of the whole.</param>
    /// <param name="done">Units finished before the part.</param>
    /// <param name="total">Units of the whole.</param>
    public static IProgress<StepProgress> OfAll(this IProgress<StepProgress> whole, double done, double total)
    {
        ArgumentNullException.ThrowIfNull(whole);
        return new Part(whole, done, total);
    }

    private sealed class Part(IProgress<StepProgress> whole, double done, double total) : IProgress<StepProgress>
    {
        public void Report(StepProgress value) => whole.Report(value with { Done = done + value.Done, Total = total });
    }
}
