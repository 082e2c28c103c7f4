using LatentDiffusion.Checkpoints;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Models;

/// <summary>Finds the weights that a path given by the user stands for.</summary>
public static class ModelLocation
{
    /// <summary>Resolves a run folder (its newest checkpoint), a model folder, or a safetensors file to that file.</summary>
    /// <exception cref="UserInputException">There is no model at the path.</exception>
    public static string Resolve(string path)
    {
        if (File.Exists(path))
        {
            return path;
        }

        if (!Directory.Exists(path))
        {
            throw new UserInputException(
                $"There is no model at {path}: give a run folder, a folder with {ModelFile.FileName}, or the file."
            );
        }

        var folder = CheckpointFolders.In(path) is [.., var newest] ? newest.Path : path;
        var file = Path.Combine(folder, ModelFile.FileName);
        return File.Exists(file)
            ? file
            : throw new UserInputException(
                $"{path} holds no {ModelFile.FileName} and no checkpoint: train a model into it first."
            );
    }
}
