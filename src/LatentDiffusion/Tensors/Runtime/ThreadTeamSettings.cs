namespace LatentDiffusion.Tensors.Runtime;

/// <summary>
/// Shortens how long libtorch's OpenMP threads spin while they wait for each other.
/// </summary>
/// <remarks>
/// By default they spin for milliseconds, which is fine on an idle machine; as soon as another process wants a core, the
/// thread that everybody waits for does not get one, and training becomes several times slower. The user's own
/// <c>OMP_WAIT_POLICY</c> or <c>GOMP_SPINCOUNT</c> is respected.
/// </remarks>
internal static class ThreadTeamSettings
{
    private const string SpinCount = "GOMP_SPINCOUNT";
    private const string WaitPolicy = "OMP_WAIT_POLICY";

    // A few microseconds: longer than a barrier among running threads takes, shorter than a time slice by far.
    private const string ShortSpin = "20000";

    /// <summary>Must run before libgomp is loaded, which reads its environment once.</summary>
    public static void Apply()
    {
        if (!OperatingSystem.IsLinux() || IsSet(SpinCount) || IsSet(WaitPolicy))
        {
            return;
        }

        NativeEnvironment.SetDefault(SpinCount, ShortSpin);
    }

    private static bool IsSet(string variable) => Environment.GetEnvironmentVariable(variable) is not null;
}
