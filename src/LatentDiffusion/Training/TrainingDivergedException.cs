using LatentDiffusion.Training.Runs;

namespace LatentDiffusion.Training;

/// <summary>The loss or a weight stopped being a finite number.</summary>
public sealed class TrainingDivergedException : Exception
{
    internal TrainingDivergedException(RunFolder run, long step)
        : base(
            $"The loss or a weight is not a finite number after step {step}. "
                + (
                    run.Checkpoints is [.., var newest]
                        ? $"The checkpoint of step {newest.Step} is whole"
                        : "No checkpoint was written yet"
                )
                + "; lower optimizer.learning_rate."
        ) { }
}
