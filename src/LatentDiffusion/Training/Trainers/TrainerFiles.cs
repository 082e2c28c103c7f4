using LatentDiffusion.Checkpoints;
using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Training.Optimization;
using LatentDiffusion.Training.Runs;

namespace LatentDiffusion.Training.Trainers;

/// <summary>The part of a checkpoint that only training needs: optimiser moments and position.</summary>
internal static class TrainerFiles
{
    private const string OptimizerName = "optimizer.safetensors";

    public static void Write(string folder, AdamW optimizer, TrainingState state)
    {
        SafetensorsWriter.Write(Path.Combine(folder, OptimizerName), optimizer.State, null);
        state.Write(folder);
    }

    public static TrainingState Read(string folder, AdamW optimizer)
    {
        using var file = SafetensorsFile.Open(Path.Combine(folder, OptimizerName));
        ModuleState.Load(file, optimizer.State, _ => true);
        var state = TrainingState.Read(folder);
        optimizer.Steps = state.OptimizerSteps;
        return state;
    }
}
