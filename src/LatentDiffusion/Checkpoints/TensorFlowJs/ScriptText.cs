using System.Text;
using LatentDiffusion.Checkpoints.Files;

namespace LatentDiffusion.Checkpoints.TensorFlowJs;

/// <summary>The text of a script, which is never run.</summary>
internal static class ScriptText
{
    private const long LongestScript = 64 * 1024 * 1024;

    /// <exception cref="Errors.UserInputException">The file is missing or may not be read.</exception>
    /// <exception cref="CheckpointFormatException">The file is too long.</exception>
    public static string Read(string path)
    {
        using var file = PositionalFile.Open(path);
        if (file.Length > LongestScript)
        {
            throw file.Damaged($"a script of weights has at most {LongestScript} bytes, this one {file.Length}");
        }

        var bytes = new byte[file.Length];
        file.ReadExactly(bytes, 0);
        return Encoding.UTF8.GetString(bytes);
    }
}
