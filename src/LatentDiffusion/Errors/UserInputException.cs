namespace LatentDiffusion.Errors;

/// <summary>
/// Something the user gave is wrong: a file, an option, a configuration value. The message is one line that names the
/// thing, its value and the remedy; a program shows it without a stack trace and exits with code 2.
/// </summary>
public class UserInputException : Exception
{
    /// <summary>Creates the exception with a one-line message.</summary>
    public UserInputException(string message)
        : base(message) { }

    /// <summary>Creates the exception with a one-line message and its cause.</summary>
    public UserInputException(string message, Exception innerException)
        : base(message, innerException) { }

    /// <summary>Creates the exception without a message.</summary>
    public UserInputException() { }
}
