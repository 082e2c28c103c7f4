using LatentDiffusion.Errors;

namespace LatentDiffusion.Configuration;

/// <summary>
/// A configuration is wrong. The message is one line that starts with the place:
/// <c>configs/unet.yaml:12:3: unknown key 'chanels' in unet. Did you mean 'channels'?</c>
/// </summary>
public sealed class ConfigException : UserInputException
{
    internal ConfigException(ConfigLocation location, string problem, Exception? cause = null)
        : base(ScalarFormat.OneLine($"{location}: {problem}"), cause!) => Location = location;

    /// <summary>Where the mistake is.</summary>
    public ConfigLocation Location { get; }
}
