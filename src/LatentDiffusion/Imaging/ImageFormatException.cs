using LatentDiffusion.Errors;

namespace LatentDiffusion.Imaging;

/// <summary>A file that should hold an image does not, or only a part of one. The message names it and the remedy.</summary>
public sealed class ImageFormatException : UserInputException
{
    /// <summary>Creates the exception with a one-line message.</summary>
    public ImageFormatException(string message)
        : base(message) { }

    /// <summary>Creates the exception with a one-line message and its cause.</summary>
    public ImageFormatException(string message, Exception innerException)
        : base(message, innerException) { }

    /// <summary>Creates the exception without a message.</summary>
    public ImageFormatException() { }
}
