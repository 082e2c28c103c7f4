using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Checkpoints.Torch;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Checkpoints;

/// <summary>Opens weights of any format that can be read. What is in the file decides, not its extension.</summary>
public static class WeightsFile
{
    // A safetensors file starts with the length of its header (8 bytes) and the header's brace.
    private const int BracePosition = 8;

    /// <summary>Opens a safetensors file or a file of torch.save (.pth, .pt, .ckpt, .bin), whichever it is.</summary>
    /// <remarks>To fill a module, hand the result to <see cref="ModuleState.Load"/>.</remarks>
    /// <param name="path">The file.</param>
    /// <exception cref="UserInputException">The file is missing or may not be read.</exception>
    /// <exception cref="CheckpointFormatException">The file is damaged or of another format.</exception>
    public static IWeights Open(string path) => IsSafetensors(path) ? SafetensorsFile.Open(path) : TorchFile.Open(path);

    private static bool IsSafetensors(string path)
    {
        using var file = PositionalFile.Open(path);
        var head = new byte[Math.Min(BracePosition + 1, file.Length)];
        file.ReadExactly(head, 0);
        return head.Length > BracePosition && head[BracePosition] == '{';
    }
}
