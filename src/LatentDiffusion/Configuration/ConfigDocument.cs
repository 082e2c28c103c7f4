using System.Text;

namespace LatentDiffusion.Configuration;

/// <summary>
/// A YAML configuration with the place of every value, to be bound to immutable records. Keys are the properties in
/// snake_case. A property is required (<c>required</c>, or a constructor parameter without a default that may not be
/// null) or has a default; a nested record that is given in part keeps the rest of its default.
/// </summary>
public sealed class ConfigDocument
{
    private readonly ConfigMap _root;

    private ConfigDocument(ConfigMap root) => _root = root;

    /// <summary>Reads a file. Relative paths in it start at its folder.</summary>
    /// <exception cref="ConfigException">The file cannot be read or is not one YAML mapping.</exception>
    public static ConfigDocument Load(string path)
    {
        var start = new ConfigLocation(path, Path.GetDirectoryName(Path.GetFullPath(path))!, Line: 1, Column: 1);
        try
        {
            var strict = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
            return Parse(File.ReadAllText(path, strict), start);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ConfigException(start, "there is no such file", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException(start, $"cannot be read: {e.Message}", e);
        }
        catch (DecoderFallbackException e)
        {
            throw new ConfigException(start, "is not UTF-8 text; save it as UTF-8", e);
        }
    }

    /// <summary>Reads a text that is no file of its own. Relative paths in it start at the current directory.</summary>
    /// <param name="text">The YAML.</param>
    /// <param name="name">What to call the text in error messages.</param>
    /// <exception cref="ConfigException">The text is not one YAML mapping.</exception>
    public static ConfigDocument Parse(string text, string name) =>
        Parse(text, new ConfigLocation(name, Directory.GetCurrentDirectory(), Line: 1, Column: 1));

    /// <summary>
    /// The document with values replaced, in order: <c>unet.channels=64</c>, <c>stages.0.depth=2</c>. A value is YAML; a
    /// mapping completes the one in the document, or replaces it when it names a <c>kind</c>; anything else replaces.
    /// </summary>
    /// <exception cref="ConfigException">
    /// An override is malformed or leads into a value that has no such part. A key that no record knows is found by
    /// <see cref="Bind{T}"/>, which knows the records.
    /// </exception>
    public ConfigDocument WithOverrides(IEnumerable<string> overrides) =>
        new(overrides.Aggregate(_root, (root, text) => ConfigOverride.Parse(text).ApplyTo(root)));

    /// <summary>The document as it was written, for files of other programs, which no record describes.</summary>
    internal ConfigMap Root => _root;

    /// <summary>Makes the record that the document describes, and checks it.</summary>
    /// <exception cref="ConfigException">
    /// The first thing wrong: a key unknown or missing, a value of the wrong type or out of range, a failed
    /// <see cref="IConfigCheck"/>.
    /// </exception>
    public T Bind<T>()
        where T : class => (T)ConfigBinder.Bind(typeof(T), _root);

    private static ConfigDocument Parse(string text, ConfigLocation start)
    {
        var root = YamlReader.Read(text, mark => start with { Line = (int)mark.Line, Column = (int)mark.Column });
        return root switch
        {
            ConfigMap map => new ConfigDocument(map),
            null or ConfigScalar { IsNull: true } => new ConfigDocument(new ConfigMap(start, [])),
            _ => throw new ConfigException(
                root.Location,
                $"the top level is {root.Description}; a mapping of keys to values is expected"
            ),
        };
    }
}
