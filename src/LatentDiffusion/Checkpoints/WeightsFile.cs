using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Checkpoints.TensorFlowJs;
using LatentDiffusion.Checkpoints.Torch;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Checkpoints;

/// <summary>Opens weights of any format that can be read. What is in the file decides, not its extension.</summary>
public static class WeightsFile
{
    // A safetensors file starts with the length of its header (8 bytes) and the header's brace.
    private const int BracePosition = 8;

    private enum Format
    {
        Torch,
        Safetensors,
        Index,
        Script,
    }

    /// <summary>
    /// Opens a safetensors file, a file of torch.save (.pth, .pt, .ckpt, .bin), the index of several such files, or the script
    /// of a TensorFlow.js model (<see cref="ScriptWeights"/>), whichever it is.
    /// </summary>
    /// <remarks>To fill a module, hand the result to <see cref="ModuleState.Load"/>.</remarks>
    /// <param name="path">The file.</param>
    /// <exception cref="UserInputException">The file is missing or may not be read.</exception>
    /// <exception cref="CheckpointFormatException">The file is damaged or of another format.</exception>
    public static IWeights Open(string path) =>
        FormatOf(path) switch
        {
            Format.Index => ShardedWeights.Open(path),
            Format.Script => ScriptWeights.Open(path),
            _ => OpenSingle(path),
        };

    /// <summary>The same without indices, which may not name each other.</summary>
    internal static IWeights OpenSingle(string path) =>
        FormatOf(path) == Format.Safetensors ? SafetensorsFile.Open(path) : TorchFile.Open(path);

    private static Format FormatOf(string path)
    {
        using var file = PositionalFile.Open(path);
        var head = new byte[Math.Min(BracePosition + 1, file.Length)];
        file.ReadExactly(head, 0);
        return head.Length > BracePosition && head[BracePosition] == '{' ? Format.Safetensors
            : head.AsSpan().StartsWith("!function"u8) ? Format.Script
            : head.AsSpan().TrimStart(" \t\r\n"u8).StartsWith("{"u8) ? Format.Index
            : Format.Torch;
    }
}
