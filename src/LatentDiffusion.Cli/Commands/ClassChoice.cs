using System.Globalization;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Cli.Commands;

/// <summary>Finds the classes a user names, by name or number.</summary>
internal static class ClassChoice
{
    /// <summary>Asks for images of no class, as guidance leads away from.</summary>
    public const string None = "none";

    private const int NamesShown = 12;

    /// <returns>The class's number; null for <see cref="None"/>, unless a class is called so.</returns>
    /// <exception cref="UserInputException">A class does not exist, or the model has none.</exception>
    public static IReadOnlyList<int?> Resolve(IReadOnlyList<string> wanted, IReadOnlyList<string> classes)
    {
        if (wanted.Count > 0 && classes.Count == 0)
        {
            throw new UserInputException($"--class {wanted[0]}: the model has no classes. Leave --class out.");
        }

        return [.. wanted.Select(name => Resolve(name, classes))];
    }

    private static int? Resolve(string wanted, IReadOnlyList<string> classes)
    {
        for (var i = 0; i < classes.Count; i++)
        {
            if (string.Equals(classes[i], wanted, StringComparison.OrdinalIgnoreCase))
            {
                return i;
            }
        }

        if (string.Equals(wanted, None, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        if (int.TryParse(wanted, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id < classes.Count)
        {
            return id;
        }

        var nearest = NearestName.Of(wanted, classes) is { } name ? $" Did you mean '{name}'?" : "";
        var known = string.Join(", ", classes.Take(NamesShown)) + (classes.Count > NamesShown ? ", ..." : "");
        throw new UserInputException(
            $"--class {wanted}: no such class.{nearest} There are {classes.Count}: {known}; '{None}' draws without one."
        );
    }
}
