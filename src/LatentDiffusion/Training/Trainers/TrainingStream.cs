using LatentDiffusion.Randomness;
using static TorchSharp.torch;

namespace LatentDiffusion.Training.Trainers;

/// <summary>
/// The random numbers of one training step. They depend on the run's seed and the step alone, so a resumed run draws
/// what the uninterrupted one would have drawn.
/// </summary>
internal sealed class TrainingStream : IDisposable
{
    // "STEP" and "INIT".
    private const long StepPurpose = 0x53544550;
    private const long InitialPurpose = 0x494e4954;

    private TrainingStream(long seed) => Generator = new Generator((ulong)seed, CPU);

    /// <summary>The source of the step's explicit draws.</summary>
    public Generator Generator { get; }

    /// <summary>Opens the stream of a step, and seeds the global generator that dropout uses.</summary>
    public static TrainingStream ForStep(long seed, long step)
    {
        var derived = DerivedSeed.Of(seed, StepPurpose, step);
        random.manual_seed(derived);
        return new TrainingStream(derived);
    }

    /// <summary>Seeds the global generator for initial weights.</summary>
    public static void SeedInitialWeights(long seed) => random.manual_seed(DerivedSeed.Of(seed, InitialPurpose));

    public void Dispose() => Generator.Dispose();
}
