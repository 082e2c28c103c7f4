using LatentDiffusion.Errors;

namespace LatentDiffusion.Checkpoints;

/// <summary>A checkpoint file is damaged, breaks its format's rules, or holds something else than was asked of it.</summary>
/// <remarks>The message is one line: the file, the tensor where there is one, what is wrong, what to do.</remarks>
public sealed class CheckpointFormatException : UserInputException
{
    /// <summary>Creates the exception with a one-line message.</summary>
    public CheckpointFormatException(string message)
        : base(message) { }

    /// <summary>Creates the exception with a one-line message and its cause.</summary>
    public CheckpointFormatException(string message, Exception innerException)
        : base(message, innerException) { }

    /// <summary>Creates the exception without a message.</summary>
    public CheckpointFormatException() { }
}
