using Xunit;

namespace LatentDiffusion.Tests.Support;

/// <summary>Weights and photographs that are too large or not ours to commit.</summary>
internal static class SharedData
{
    private const string Variable = "LDM_SHARED_DATA";

    /// <summary>A file of that folder; skips the test where there is none.</summary>
    /// <param name="relativePath">For example "weights/lpips_vgg_v0.1.safetensors".</param>
    public static string PathOf(string relativePath)
    {
        var folder = Environment.GetEnvironmentVariable(Variable);
        Assert.SkipWhen(string.IsNullOrEmpty(folder), $"{Variable} does not name the folder of shared data.");
        var path = Path.Combine(folder!, relativePath);
        Assert.SkipUnless(File.Exists(path), $"There is no {relativePath} in the folder of {Variable}.");
        return path;
    }
}
