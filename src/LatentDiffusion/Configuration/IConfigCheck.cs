namespace LatentDiffusion.Configuration;

/// <summary>A configuration record that checks what no single key can: how its values fit together.</summary>
public interface IConfigCheck
{
    /// <summary>The problems of this record's values; called once after binding. Nested records check themselves.</summary>
    IEnumerable<ConfigProblem> Check();
}

/// <summary>Something wrong with one value of a configuration record.</summary>
/// <param name="Property">
/// The name of the property to blame, by <c>nameof</c>; <c>"Unet.Channels"</c> blames a property of a nested record.
/// </param>
/// <param name="Message">What must hold, for example <c>must be a multiple of 32</c>.</param>
public sealed record ConfigProblem(string Property, string Message);
