using System.Globalization;
using LatentDiffusion.Checkpoints;
using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Errors;
using LatentDiffusion.Training.Optimization;
using LatentDiffusion.Training.Runs;

namespace LatentDiffusion.Training.Trainers;

/// <summary>The part of a checkpoint that only training needs: optimisers' moments and the run's position.</summary>
internal static class TrainerFiles
{
    private const string MainName = "optimizer.safetensors";
    private const string DiscriminatorName = "discriminator-optimizer.safetensors";
    private const string StepsKey = "ldm.optimizer_steps";

    /// <summary>Writes the state of training.</summary>
    /// <param name="folder">The checkpoint's folder.</param>
    /// <param name="optimizer">The optimiser of what is trained.</param>
    /// <param name="state">The position.</param>
    /// <param name="discriminator">The optimiser of a discriminator, or null.</param>
    public static void Write(string folder, AdamW optimizer, TrainingState state, AdamW? discriminator = null)
    {
        WriteOptimizer(Path.Combine(folder, MainName), optimizer);
        if (discriminator is not null)
        {
            WriteOptimizer(Path.Combine(folder, DiscriminatorName), discriminator);
        }

        state.Write(folder);
    }

    /// <summary>Restores what <see cref="Write"/> wrote.</summary>
    /// <returns>The position.</returns>
    public static TrainingState Read(string folder, AdamW optimizer, AdamW? discriminator = null)
    {
        var state = TrainingState.Read(folder);
        ReadOptimizer(Path.Combine(folder, MainName), optimizer, state);
        if (discriminator is not null)
        {
            ReadOptimizer(Path.Combine(folder, DiscriminatorName), discriminator, state);
        }

        return state;
    }

    private static void WriteOptimizer(string path, AdamW optimizer) =>
        SafetensorsWriter.Write(
            path,
            optimizer.State,
            new Dictionary<string, string> { [StepsKey] = optimizer.Steps.ToString(CultureInfo.InvariantCulture) }
        );

    private static void ReadOptimizer(string path, AdamW optimizer, TrainingState state)
    {
        using var file = SafetensorsFile.Open(path);
        ModuleState.Load(file, optimizer.State, _ => true);
        optimizer.Steps = StepsOf(file) ?? state.OptimizerSteps;
    }

    // Files of earlier versions do not say it; they have one optimiser, whose steps the state knows.
    private static long? StepsOf(SafetensorsFile file) =>
        !file.Metadata.TryGetValue(StepsKey, out var text) ? null
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var steps) ? steps
        : throw new UserInputException(
            $"{file.Path} says '{text}' optimiser steps: resume from the checkpoint before it."
        );
}
